import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openSnappy } from './snappy.ts'

const streamHead = '82534e41505059000000000100000001'
const spo2 = 'spo2 98 '.repeat(40)
const spo2Packed = 'c0021c73706f3220393820fe0800fe0800fe0800fe0800de0800'
const bytesOnce = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex')

// Packed by cramjam 2 (the snap crate).
it.each([
  ['nothing', '00', ''],
  ['a letter', '010061', 'a'],
  ['what repeats', spo2Packed, spo2],
  ['a stream of two pieces, as Kafka writes it', `${streamHead}0000001a${spo2Packed}00000003010061`, `${spo2}a`],
  ['a literal whose length takes two bytes', `8002f4ff00${bytesOnce}`, Buffer.from(bytesOnce, 'hex').toString('latin1')],
])('%s', (_what, packed, text) => expect(openSnappy(Buffer.from(packed, 'hex'), 3_000).toString('latin1')).toBe(text))

it('refuses what opens to more than it may', () => {
  expect(() => openSnappy(Buffer.from(spo2Packed, 'hex'), 319)).toThrow(/more than 319 bytes/)
})

it('a literal whose length has its highest bit set ends at once: the pure library went back two thousand million places', () => {
  expect(() => openSnappy(Buffer.from('40fc00000080', 'hex'), 5_000)).toThrow(RangeError)
})

it('whatever bytes come, it ends: with at most so many bytes, or with a RangeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, stream) => {
      const input = stream ? Buffer.concat([Buffer.from(streamHead, 'hex'), noise]) : Buffer.from(noise)
      try {
        expect(openSnappy(input, 5_000).length).toBeLessThanOrEqual(5_000)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
    { numRuns: 3_000 },
  )
})

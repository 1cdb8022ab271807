import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openLz4Frame } from './lz4-frame.ts'

const spo2 = 'spo2 98 '.repeat(40)
const bytes = Buffer.from(Array.from({ length: 768 }, (_, i) => i % 256))
const bytesOnce = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex')

// Packed by the reference library (python lz4 4.x); the second of a text with linked blocks, all checksums and the size in the head.
it.each([
  ['nothing', '04224d1860408200000000', ''],
  ['nothing, with everything in the head', '04224d187440bd00000000055dcc02', ''],
  ['a block that is not compressed', '04224d18604082010000806100000000', 'a'],
  ['the same, with checksums', '04224d187c40010000000000000074010000806156740d550000000056740d55', 'a'],
  ['what repeats', '04224d18604082130000008f73706f32203938200800ff2150322039382000000000', spo2],
  [
    'the same, with checksums',
    '04224d187c404001000000000000b6130000008f73706f32203938200800ff2150322039382055040f42000000005fb34dba',
    spo2,
  ],
  ['what repeats its last byte', '04224d18604082160000001f780100ffffffffffffffffffffffaa50787878787800000000', 'x'.repeat(3_000)],
])('%s', (_what, packed, text) => expect(openLz4Frame(Buffer.from(packed, 'hex'), 3_000).toString('latin1')).toBe(text))

it('many literals, repeated from far back', () => {
  const packed = `04224d186040820c010000fff1${bytesOnce}0001ffe950fbfcfdfeff00000000`
  expect(openLz4Frame(Buffer.from(packed, 'hex'), 768)).toEqual(bytes)
})

it('refuses what opens to more than it may', () => {
  const packed = Buffer.from('04224d18604082160000001f780100ffffffffffffffffffffffaa50787878787800000000', 'hex')
  expect(() => openLz4Frame(packed, 2_999)).toThrow(/more than 2999 bytes/)
})

it('whatever bytes come, it ends: with at most so many bytes, or with a RangeError', () => {
  const head = Buffer.from('04224d18604082', 'hex')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), fc.nat(200), (noise, framed, size) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(size)
      const input = framed ? Buffer.concat([head, length, noise, Buffer.alloc(4)]) : Buffer.from(noise)
      try {
        expect(openLz4Frame(input, 5_000).length).toBeLessThanOrEqual(5_000)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
    { numRuns: 3_000 },
  )
})

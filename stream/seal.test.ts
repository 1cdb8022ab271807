import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SealBroken } from '../contracts/secrets.ts'
import { createSealer } from './seal.ts'

const key = (fill: number): Buffer => Buffer.alloc(32, fill)

it('what was sealed comes back, under the same context only', () => {
  const sealer = createSealer(key(1), 'log')
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.string({ maxLength: 40 }),
      fc.string({ maxLength: 40 }),
      (plain, context, other) => {
        const sealed = sealer.seal(plain, context)
        expect(Buffer.from(sealer.open(sealed, context))).toEqual(Buffer.from(plain))
        expect(() => sealer.open(sealed, `${context}${other}.`)).toThrow(SealBroken)
      },
    ),
  )
})

it('any flipped bit is found', () => {
  const sealer = createSealer(key(1), 'log')
  const sealed = sealer.seal(Buffer.from('heart rate 72'), 'here')
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => sealer.open(changed, 'here'), `bit ${bit}`).toThrow(SealBroken)
  }
})

it('a shortened blob is refused, however short', () => {
  const sealer = createSealer(key(1), 'log')
  const sealed = sealer.seal(Buffer.from('heart rate 72'), 'here')
  for (let length = 0; length < sealed.length; length++) expect(() => sealer.open(sealed.subarray(0, length), 'here')).toThrow(SealBroken)
})

it('another key and another purpose are refused in words that say so', () => {
  const sealed = createSealer(key(1), 'log').seal(Buffer.from('x'), 'topic/0/7')
  expect(() => createSealer(key(2), 'log').open(sealed, 'topic/0/7')).toThrow(/topic\/0\/7 was sealed with another key/)
  expect(() => createSealer(key(1), 'state').open(sealed, 'topic/0/7')).toThrow(SealBroken)
})

it('after a rotation the new key seals and the old one still opens', () => {
  const old = createSealer(key(1), 'log')
  const rotated = createSealer([key(2), key(1)], 'log')
  expect(rotated.open(old.seal(Buffer.from('before'), 'c'), 'c').toString()).toBe('before')
  const after = rotated.seal(Buffer.from('after'), 'c')
  expect(createSealer(key(2), 'log').open(after, 'c').toString()).toBe('after')
  expect(() => old.open(after, 'c')).toThrow(SealBroken)
})

it('no nonce comes twice', () => {
  const sealers = [createSealer(key(1), 'log'), createSealer(key(1), 'log')]
  const seen = new Set<string>()
  for (let i = 0; i < 5_000; i++) for (const sealer of sealers) seen.add(sealer.seal(Buffer.alloc(1), '').toString('hex', 4, 16))
  expect(seen.size).toBe(10_000)
})

it('a key of the wrong length is refused', () => {
  expect(() => createSealer(Buffer.alloc(16), 'log')).toThrow(/32 bytes, this one has 16/)
  expect(() => createSealer([], 'log')).toThrow(RangeError)
})

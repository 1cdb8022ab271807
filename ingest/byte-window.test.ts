import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { murmur2 } from '../contracts/partitioner.ts'
import { createByteWindows, murmur2Within, sameBytes } from './byte-window.ts'

it('the fast hash is murmur2 of the contracts, at any length and alignment', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), (bytes, shift) => {
      const memory = new Uint8Array(bytes.length + 8)
      memory.set(bytes, shift)
      expect(murmur2Within(new DataView(memory.buffer), shift, bytes.length)).toBe(murmur2(bytes))
    }),
  )
})

it('two stretches are the same when each byte is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), fc.boolean(), (bytes, at, change) => {
      const other = new Uint8Array(bytes.length + 3)
      other.set(bytes, 3)
      if (change) other[3 + (at % bytes.length)]! ^= 1
      expect(sameBytes(new DataView(bytes.slice().buffer), 0, new DataView(other.buffer), 3, bytes.length)).toBe(!change)
    }),
  )
})

it('a record of another batch gets another window', () => {
  const windowOf = createByteWindows()
  const [one, two] = [new Uint8Array(8), new Uint8Array(8)]
  expect(windowOf(one.subarray(2))).toBe(windowOf(one))
  expect(windowOf(two).view.buffer).toBe(two.buffer)
})

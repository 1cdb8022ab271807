import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { murmur2 } from '../contracts/partitioner.ts'
import { murmur2Of } from './payload-hash.ts'

it('is murmur2 of the contracts, at any length and place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), (bytes, shift) => {
      const memory = new Uint8Array(bytes.length + 8)
      memory.set(bytes, shift)
      expect(murmur2Of(memory, shift, shift + bytes.length)).toBe(murmur2(bytes))
    }),
  )
})

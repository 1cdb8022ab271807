import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createEvictionOrder } from './eviction-order.ts'
import { type KeyEntry, createKeyEntry } from './key-entry.ts'

it('whatever was observed in whatever order, keys go unproven first and longest unheard first', () => {
  const step = fc.record({ key: fc.nat({ max: 12 }), proves: fc.boolean(), evicts: fc.nat({ max: 4 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const order = createEvictionOrder()
      const held = new Map<number, KeyEntry>()
      const lowest = () => [...held].sort(([, a], [, b]) => Number(a.proven) - Number(b.proven) || a.seen - b.seen)[0]
      const evict = (): void => {
        const expected = lowest()
        expect(order.takeNext()).toBe(expected?.[1] ?? null)
        if (expected !== undefined) held.delete(expected[0])
      }
      steps.forEach(({ key, proves, evicts }, offset) => {
        if (evicts === 0) evict()
        let entry = held.get(key)
        if (entry === undefined) {
          entry = createKeyEntry(`${key}`, 0, 0)
          held.set(key, entry)
          order.add(entry)
        }
        entry.seen = offset
        entry.proven ||= proves
      })
      while (held.size > 0) evict()
      evict()
    }),
  )
})

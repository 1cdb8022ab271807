import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createKeyEntry } from './key-entry.ts'
import type { StageSlot } from './stage-slots.ts'
import { type TimerQueue, createTimerQueue } from './timer-queue.ts'

const slot = (id: string, timerIndex: number) => ({ id, timerIndex }) as StageSlot
const slots = [slot('a', 0), slot('b', 1)]
const entriesOf = (keys: readonly string[]) => keys.map((key) => createKeyEntry(key, 2, 2))
/** What is due is taken and not put back. */
const take = (queue: TimerQueue, nowMs: number): string[] =>
  queue
    .takeDue(nowMs)
    .map(({ entry, slot: { id, timerIndex } }) => {
      entry.timers[timerIndex] = Infinity
      return `${nowMs} ${entry.key} ${id}`
    })
    .sort()

it('answers what is due, each once', () => {
  const queue = createTimerQueue()
  const [two, one] = entriesOf(['k2', 'k1']) as [ReturnType<typeof createKeyEntry>, ReturnType<typeof createKeyEntry>]
  queue.set(two, slots[1]!, 10)
  queue.set(two, slots[0]!, 10)
  queue.set(one, slots[1]!, 10)
  queue.set(one, slots[0]!, 5)
  expect([4, 10, 10, 99].flatMap((nowMs) => take(queue, nowMs))).toEqual(['10 k1 a', '10 k1 b', '10 k2 a', '10 k2 b'])
})

it('a timer put off a million times takes one place', () => {
  const queue = createTimerQueue()
  const [entry] = entriesOf(['k'])
  for (let at = 1; at <= 1_000_000; at++) queue.set(entry!, slots[0]!, at)
  expect(queue.length).toBe(1)
})

it('a timer set for ever earlier times, and keys that are evicted, do not pile up', () => {
  const queue = createTimerQueue()
  const [entry] = entriesOf(['k'])
  for (let at = 1_000_000; at > 0; at--) queue.set(entry!, slots[0]!, at)
  for (let i = 0; i < 100_000; i++) {
    const gone = createKeyEntry(`gone-${i}`, 2, 2)
    queue.set(gone, slots[0]!, 1_000_000)
    queue.forget(gone)
    gone.evicted = true
  }
  expect(queue.length).toBeLessThan(5_000)
  expect(take(queue, 2_000_000)).toEqual(['2000000 k a'])
})

it('takes again what was put back, at the time that stands then; what was cancelled or evicted meanwhile is gone', () => {
  const queue = createTimerQueue()
  const entries = entriesOf(['k1', 'k2', 'k3', 'k4'])
  for (const entry of entries) queue.set(entry, slots[0]!, 1)
  const taken = queue.takeDue(10)
  expect(queue.takeDue(10)).toEqual([])
  queue.set(entries[1]!, slots[0]!, 20)
  queue.set(entries[2]!, slots[0]!, Infinity)
  queue.forget(entries[3]!)
  entries[3]!.evicted = true
  queue.putBack(taken)
  expect(take(queue, 10)).toEqual(['10 k1 a'])
  expect(take(queue, 20)).toEqual(['20 k2 a'])
  expect(take(queue, 99)).toEqual([])
})

it('does what a plain table of times would do', () => {
  const step = fc.oneof(
    fc.record({
      what: fc.constant('set' as const),
      key: fc.nat({ max: 3 }),
      slot: fc.nat({ max: 1 }),
      inMs: fc.integer({ min: -5, max: 30 }),
    }),
    fc.record({ what: fc.constant('cancel' as const), key: fc.nat({ max: 3 }), slot: fc.nat({ max: 1 }) }),
    fc.record({ what: fc.constant('pass' as const), ms: fc.nat({ max: 12 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const queue = createTimerQueue()
      const entries = entriesOf(['k0', 'k1', 'k2', 'k3'])
      const table = new Map<string, number>()
      const fired: string[] = []
      const expected: string[] = []
      let nowMs = 0
      for (const each of steps) {
        if (each.what === 'pass') {
          nowMs += each.ms
          fired.push(...take(queue, nowMs))
          const due = [...table].filter(([, at]) => at <= nowMs).sort(([a], [b]) => (a < b ? -1 : 1))
          for (const [name] of due) {
            expected.push(`${nowMs} ${name}`)
            table.delete(name)
          }
          continue
        }
        const at = each.what === 'set' ? nowMs + each.inMs : Infinity
        const name = `k${each.key} ${slots[each.slot]!.id}`
        queue.set(entries[each.key]!, slots[each.slot]!, at)
        if (at === Infinity) table.delete(name)
        else table.set(name, at)
      }
      expect(fired).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AssignableMember, type Assigned, assignSticky } from './sticky-assignment.ts'

const topics = [
  { topic: 'a', partitions: [0, 1, 2, 3] },
  { topic: 'b', partitions: [0, 1, 2, 3] },
  { topic: 'c', partitions: [0] },
]
const names = (assigned: Assigned, id: string): string[] =>
  Object.entries(assigned.get(id) ?? {}).flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}/${partition}`))
const fresh = (id: string): AssignableMember => ({ id, had: new Set() })
const after = (assigned: Assigned, ids: readonly string[]): AssignableMember[] =>
  ids.map((id) => ({ id, had: new Set(names(assigned, id)) }))
const moved = (before: Assigned, now: Assigned, ids: readonly string[]): number =>
  ids.reduce((sum, id) => sum + names(now, id).filter((name) => !names(before, id).includes(name)).length, 0)

it('two share each topic by half; a third takes what it must and nothing else moves', () => {
  const two = assignSticky(topics, [fresh('m1'), fresh('m2')])
  expect(names(two, 'm1')).toHaveLength(5)
  expect(names(two, 'm2')).toHaveLength(4)
  const three = assignSticky(topics, [...after(two, ['m1', 'm2']), fresh('m3')])
  expect(moved(two, three, ['m1', 'm2'])).toBe(0)
  expect(names(three, 'm3').length).toBeGreaterThanOrEqual(2)
})

it('who leaves takes nothing of the others along', () => {
  const three = assignSticky(topics, [fresh('m1'), fresh('m2'), fresh('m3')])
  const two = assignSticky(topics, after(three, ['m1', 'm3']))
  for (const id of ['m1', 'm3']) for (const name of names(three, id)) expect(names(two, id)).toContain(name)
})

it('a return after a while claims nothing that it can not have', () => {
  const stale = {
    id: 'm1',
    had: new Set(topics.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`))),
  }
  const assigned = assignSticky(topics, [stale, { ...stale, id: 'm2' }])
  expect(names(assigned, 'm1').length + names(assigned, 'm2').length).toBe(9)
})

it('whatever members say they had: everything is given once, evenly, and the same again', () => {
  const all = topics.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`))
  fc.assert(
    fc.property(fc.array(fc.subarray(all), { minLength: 1, maxLength: 7 }), (claims) => {
      const members = claims.map((had, i) => ({ id: `m${i}`, had: new Set(had) }))
      const assigned = assignSticky(topics, members)
      const given = members.flatMap(({ id }) => names(assigned, id))
      expect(given.toSorted()).toEqual(all.toSorted())
      for (const { topic, partitions } of topics) {
        const counts = members.map(({ id }) => assigned.get(id)?.[topic]?.length ?? 0)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(partitions.length / members.length))
      }
      const again = assignSticky(
        topics,
        after(
          assigned,
          members.map(({ id }) => id),
        ),
      )
      expect(
        moved(
          assigned,
          again,
          members.map(({ id }) => id),
        ),
      ).toBe(0)
    }),
  )
})

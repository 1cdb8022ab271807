import { expect, it } from 'vitest'
import { createKeyTable } from './key-table.ts'

const tableOf = (keysMax: number) => {
  const evicted: string[] = []
  const table = createKeyTable({ keysMax, stages: 1, timers: 0, onEvict: ({ key }) => void evicted.push(key) })
  let offset = 0
  const see = (key: string, proven = true) => table.touch(table.get(key) ?? table.create(key), offset++, proven)
  return { table, evicted, see }
}

it('the key that has gone longest without an observation goes first', () => {
  const { table, evicted, see } = tableOf(3)
  for (const key of ['a', 'b', 'c', 'a', 'd', 'e']) see(key)
  expect(evicted).toEqual(['b', 'c'])
  expect(table.size).toBe(3)
  expect(['a', 'd', 'e'].map((key) => table.get(key)?.key)).toEqual(['a', 'd', 'e'])
})

it('a flood of invented names pushes out invented names, not devices', () => {
  const { table, evicted, see } = tableOf(10)
  for (let i = 0; i < 9; i++) see(`device-${i}`)
  for (let i = 0; i < 1_000; i++) see(`invented-${i}`, false)
  expect(evicted.filter((key) => key.startsWith('device'))).toEqual([])
  expect(table.size).toBe(10)
})

it('a name that signs in after refusals counts as a device', () => {
  const { evicted, see } = tableOf(3)
  see('late', false)
  see('late')
  see('b')
  see('late', false)
  for (let i = 0; i < 5; i++) see(`invented-${i}`, false)
  expect(evicted).toEqual(['invented-0', 'invented-1', 'invented-2', 'invented-3'])
})

it('a table of one key holds the last one', () => {
  const { table, evicted, see } = tableOf(1)
  for (const key of ['a', 'b', 'b', 'a']) see(key)
  expect([table.size, evicted, table.get('a')?.seen]).toEqual([1, ['a', 'b'], 3])
})

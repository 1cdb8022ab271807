import { expect, it } from 'vitest'
import { createSharedNames } from './shared-names.ts'

const begin = (namesMax = 500) => {
  const clock = { nowMs: 0 }
  const names = createSharedNames(() => clock.nowMs, namesMax)
  /** One telling in 5 s. */
  const hear = (...runs: readonly string[]): void => {
    for (const run of runs) {
      clock.nowMs += 5_000
      names.take({ machine: 'edge-a', run })
    }
  }
  return { clock, names, hear }
}

it('a machine that is started again, and again, is one machine', () => {
  const { names, hear } = begin()
  hear('1', '1', '2', '2', '3', '4', '4')
  expect(names.list()).toEqual([])
})

it('two machines that speak under one name are told until one of them is silent', () => {
  const { clock, names, hear } = begin()
  names.take({ machine: 'sink-a', run: 'x' })
  hear('1', '2')
  expect(names.list()).toEqual([])
  hear('1')
  expect(names.list()).toEqual(['edge-a'])
  hear('1', '1')
  expect(names.list()).toEqual(['edge-a'])
  hear('2')
  clock.nowMs += 14_999
  expect(names.list()).toEqual(['edge-a'])
  clock.nowMs += 1
  expect(names.list()).toEqual([])
})

it('one that was frozen while another took its place is seen when it wakes', () => {
  const { names, hear } = begin()
  hear('1', '2', '2', '2', '2', '1')
  expect(names.list()).toEqual(['edge-a'])
})

it('a machine of an older version, which does not tell its run, is not judged', () => {
  const { names, hear } = begin()
  hear('', '1', '', '1')
  expect(names.list()).toEqual([])
})

it('forgets the name that was heard of least lately, and old runs', () => {
  const { names, hear } = begin(2)
  hear('1')
  for (const machine of ['b', 'c']) names.take({ machine, run: 'x' })
  // It had forgotten the first run of this name.
  hear('2', '1')
  expect(names.list()).toEqual([])
  hear('2')
  expect(names.list()).toEqual(['edge-a'])
  const many = begin()
  many.hear(...Array.from({ length: 10 }, (_, i) => String(i)), '0')
  expect(many.names.list()).toEqual([])
})

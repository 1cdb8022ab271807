import { afterEach, expect, it } from 'vitest'
import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { MachineFigures } from '../../contracts/machine-figures.ts'
import { openMemoryLog } from '../../stream/memory-log.ts'
import { type FollowedMachines, followMachines } from './follow-machines.ts'
import { createMachineTeller } from './tell-machine.ts'

const figuresOf = (machine: string): MachineFigures => ({ machine, run: 'first', roles: [], problems: ['x'], leaves: false })
let followed: FollowedMachines | undefined
afterEach(() => followed?.close())
const follow = (log: Pick<EventLog, 'consume' | 'ranges'>): FollowedMachines =>
  (followed = followMachines({ log, own: 'desk-a', group: 'desk-machines', steadyNowMs: () => 7, logger: silentLogger }))

it('what a machine tells is known at the desks of the others, from when they began to follow', async () => {
  const log = openMemoryLog()
  const tellOld = createMachineTeller(log, silentLogger)
  tellOld(figuresOf('gone-long-ago'))
  await expect.poll(async () => (await log.ranges(['machines.v1']))[0]!.next).toBe(1)
  const { list, stats } = follow(log)
  const tell = createMachineTeller(log, silentLogger)
  await expect
    .poll(() => {
      tell(figuresOf('edge-a'))
      tell(figuresOf('desk-a'))
      return list().map(({ figures }) => figures)
    })
    .toEqual([figuresOf('edge-a')])
  await log.append('machines.v1', [{ key: 'x', value: Buffer.from('{') }])
  await expect.poll(stats).toEqual({ known: 1, silent: 0, shared: 0, unreadable: 1 })
  await log.close()
})

it('while the log takes nothing one telling waits, and the rest are let go', async () => {
  const asked: string[] = []
  const stuck: ((error: Error) => void)[] = []
  const warned: string[] = []
  const tell = createMachineTeller(
    {
      ranges: async () => [],
      append: (_, [record]) => {
        asked.push(record!.key)
        return new Promise((_resolve, reject) => stuck.push(reject))
      },
    },
    { ...silentLogger, warn: (_, text) => warned.push(text) },
  )
  tell(figuresOf('a'))
  await new Promise((resolve) => setImmediate(resolve))
  for (const name of ['b', 'c']) tell(figuresOf(name))
  expect(asked).toEqual(['a'])
  for (const name of ['d', 'e']) {
    stuck.shift()!(new LogUnavailable('broker-away', 'nobody answers'))
    await new Promise((resolve) => setImmediate(resolve))
    tell(figuresOf(name))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(asked).toEqual(['a', 'd', 'e'])
  // Its last word waits for its turn.
  tell({ ...figuresOf('f'), leaves: true })
  expect(asked).toEqual(['a', 'd', 'e'])
  stuck.shift()!(new LogUnavailable('broker-away', 'nobody answers'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toEqual(['a', 'd', 'e', 'f'])
  expect(warned).toEqual(['the desks can not be told how this machine is'])
})

it('a desk that may not read the topic says so, and works', async () => {
  const { list, problem } = follow({
    ranges: async () => [],
    consume: async () => {
      throw new LogUnavailable('io', 'Kafka refuses: Topic authorization failed')
    },
  })
  await expect
    .poll(problem)
    .toBe('Nothing is known of the other machines, machines.v1 can not be read: Kafka refuses: Topic authorization failed')
  expect(list()).toEqual([])
})

import { expect, it } from 'vitest'
import { type AppendRecord, LogUnavailable } from '../../contracts/event-log.ts'
import { type OutboxOptions, createOutbox } from './outbox.ts'

const item = (key: string): AppendRecord => ({ key, value: new Uint8Array() })
const away = new LogUnavailable('broker-away', 'away')

const outboxOn = (append: OutboxOptions<AppendRecord>['append'], options: Partial<OutboxOptions<AppendRecord>> = {}) => {
  const failures: unknown[] = []
  return {
    failures,
    outbox: createOutbox({ append, onFailed: (error) => failures.push(error), backoffMs: { first: 1, max: 2 }, ...options }),
  }
}

it('appends one at a time, in order, and takes along what came meanwhile', async () => {
  const appends: string[][] = []
  const gates: (() => void)[] = []
  const { outbox } = outboxOn((items) => {
    appends.push(items.map(({ key }) => key))
    return new Promise((resolve) => gates.push(resolve))
  })
  outbox.push(item('1'))
  outbox.push(item('2'))
  const first = outbox.durable()
  await Promise.resolve()
  await Promise.resolve()
  for (const key of ['3', '4']) outbox.push(item(key))
  expect(appends).toEqual([['1', '2']])
  gates[0]!()
  expect(await first).toBe(true)
  expect(appends).toEqual([['1', '2'], ['3', '4']]) // prettier-ignore
  const second = outbox.durable()
  gates[1]!()
  expect([await second, outbox.waiting]).toEqual([true, 0])
})

it('tries again, in order, until the log is back, and tells of it once', async () => {
  const kept: string[] = []
  let failing = 5
  let told = 0
  const { outbox, failures } = outboxOn(
    async (items) => {
      if (failing-- > 0) throw away
      kept.push(...items.map(({ key }) => key))
    },
    { onUnavailable: () => told++ },
  )
  outbox.push(item('1'))
  await Promise.resolve()
  outbox.push(item('2'))
  expect(await outbox.durable()).toBe(true)
  expect([kept, told, failures]).toEqual([['1', '2'], 1, []]) // prettier-ignore
})

it('says when there is room again', async () => {
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const { outbox } = outboxOn(() => gate, { waitingMax: 2 })
  for (const key of ['1', '2']) outbox.push(item(key))
  await outbox.room()
  outbox.push(item('3'))
  let room = false
  const waits = outbox.room().then(() => (room = true))
  await Promise.resolve()
  expect(room).toBe(false)
  open()
  await waits
  expect(room).toBe(true)
})

it('closed while the log is away it gives up, and says so to whoever waits', async () => {
  const { outbox, failures } = outboxOn(() => Promise.reject(away), { backoffMs: { first: 3_600_000, max: 3_600_000 } })
  outbox.push(item('1'))
  const durable = outbox.durable()
  await new Promise((resolve) => void setImmediate(resolve))
  await outbox.close()
  expect(await durable).toBe(false)
  outbox.push(item('2'))
  expect([await outbox.durable(), outbox.waiting, failures]).toEqual([false, 0, []]) // prettier-ignore
  await outbox.room()
})

it('what no patience mends is a failure: a bug, or a log closed under it', async () => {
  for (const error of [new TypeError('a bug'), new LogUnavailable('closed', 'closed')]) {
    const { outbox, failures } = outboxOn(() => Promise.reject(error))
    outbox.push(item('1'))
    expect([await outbox.durable(), failures]).toEqual([false, [error]]) // prettier-ignore
  }
})

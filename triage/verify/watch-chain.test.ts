import { expect, it, vi } from 'vitest'
import type { EventLog } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { openMemoryLog } from '../../stream/memory-log.ts'
import type { ChainReport } from './verify-chain.ts'
import { watchChain } from './watch-chain.ts'

const clock = { now: () => 5_000 }
const whole: ChainReport = { ok: true, events: 7, lastHash: 'x' }
const broken: ChainReport = { ok: false, sequence: 4, offset: 9, problem: 'its hash is another' }

it('an empty chain is whole', async () => {
  const watch = watchChain({ log: openMemoryLog(), clock, logger: silentLogger })
  await vi.waitFor(() => expect(watch.stats()).toEqual({ broken: 0, checkedAtMs: 5_000, events: 0 }))
  await watch.close()
})

it('who closes does not wait for the rest of a long chain', async () => {
  const memory = openMemoryLog()
  await memory.append('cases.v1', [{ key: 'a', value: Buffer.from('1') }])
  const asked = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let batches = 0
  const log: EventLog = {
    ...memory,
    async *read() {
      for (; batches < 1_000; batches++) {
        yield { topic: 'cases.v1', partition: 0, records: [], nextOffset: batches + 1, endOffset: 1_000 }
        asked.resolve()
        await gate.promise
      }
    },
  }
  const error = vi.fn<() => void>()
  const watch = watchChain({ log, clock, logger: { ...silentLogger, error } })
  await asked.promise
  const closed = watch.close()
  gate.resolve()
  await closed
  expect([batches, error.mock.calls.length]).toEqual([1, 0])
})

it('a broken link is told with the number of good ones, and is looked at again until it is mended', async () => {
  const asked: PromiseWithResolvers<ChainReport>[] = []
  const verify = (): Promise<ChainReport> => {
    asked.push(Promise.withResolvers<ChainReport>())
    return asked.at(-1)!.promise
  }
  const error = vi.fn<(fields: object, message: string) => void>()
  const watch = watchChain({ log: openMemoryLog(), clock, logger: { ...silentLogger, error }, verify, againMs: 1 })
  const check = (n: number) => vi.waitFor(() => expect(asked).toHaveLength(n))
  asked[0]!.resolve(broken)
  await check(2)
  expect(watch.stats()).toEqual({ broken: 1, checkedAtMs: 5_000, events: 3 })
  asked[1]!.reject(new Error('the log is away'))
  await check(3)
  expect(watch.stats()).toMatchObject({ broken: 1 })
  asked[2]!.resolve(whole)
  await vi.waitFor(() => expect(watch.stats()).toEqual({ broken: 0, checkedAtMs: 5_000, events: 7 }))
  expect(error.mock.calls.map(([fields]) => fields)).toEqual([
    { sequence: 4, problem: 'its hash is another' },
    { sequence: 1, problem: "it can't be read: the log is away" },
  ])
  await watch.close()
})

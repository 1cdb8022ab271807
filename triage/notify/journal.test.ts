import { expect, it } from 'vitest'
import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import { openMemoryLog } from '../../stream/memory-log.ts'
import { createPagingFold } from './fold.ts'
import { openJournal } from './journal.ts'
import { startPaging } from './start-paging.ts'
import { createFakeDesk } from './testing/fake-desk.ts'
import { createFakeNotifiers } from './testing/fake-notifiers.ts'
import { createFakeTime } from './testing/fake-time.ts'
import { noonMs, ruleOf, webhookNamed } from './testing/pager.ts'

const logRetryMs = 500

/** A log that refuses `paging.v1` with a reason, until it is told to take it. */
const refusingLog = () => {
  const memory = openMemoryLog()
  const state = { refuses: null as LogUnavailable['reason'] | null, asked: 0 }
  const log: EventLog = {
    ...memory,
    async append(topic, records) {
      if (topic !== 'paging.v1' || state.refuses === null) return memory.append(topic, records)
      state.asked++
      throw new LogUnavailable(state.refuses, 'desk-b has taken the lead')
    },
  }
  const warned: string[] = []
  const logger = { debug() {}, info() {}, error() {}, warn: (_: object, text: string) => void warned.push(text) }
  return { state, log, warned, logger }
}

/** What it was rejected with; null when it was not. */
const outcomeOf = (promise: Promise<void>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

const openUnder = async () => {
  const under = refusingLog()
  const time = createFakeTime(noonMs)
  const fold = createPagingFold()
  const recorded: string[] = []
  const closing = new AbortController()
  const journal = await openJournal({
    log: under.log,
    fold,
    clock: time.clock,
    timers: time.timers,
    logger: under.logger,
    logRetryMs,
    closing: closing.signal,
    barred: () => null,
    onRecorded: ({ type }) => void recorded.push(type),
  })
  const write = () => journal.write(() => ({ bodies: [{ type: 'rules.put', actor: 'ann', rules: [ruleOf('r')] }], caseSequence: 7 }))
  return { ...under, time, fold, recorded, closing, journal, write }
}

it('a log that is away is asked again after each pause, and what was to be recorded is, once', async () => {
  const { state, time, fold, recorded, journal, write, warned } = await openUnder()
  state.refuses = 'broker-away'
  const written = write()
  await time.pass(logRetryMs * 3)
  expect([state.asked, warned.length, fold.rules().length]).toEqual([4, 1, 0])
  state.refuses = null
  await time.pass(logRetryMs)
  await written
  expect([recorded, fold.rules().length, journal.weighed]).toEqual([['rules.put'], 1, 7])
})

it('who has lost the lead asks once: the write is told so, nothing of it counts, and the next one is judged for itself', async () => {
  const { state, time, fold, recorded, journal, write, warned } = await openUnder()
  state.refuses = 'not-leading'
  const told = outcomeOf(write())
  await time.pass(logRetryMs * 10)
  expect(await told).toMatchObject({ name: 'LogUnavailable', reason: 'not-leading' })
  expect([state.asked, warned, recorded, fold.rules(), journal.weighed]).toEqual([1, [], [], [], 0])
  const again = outcomeOf(write())
  await time.pass(0)
  expect(await again).toMatchObject({ reason: 'not-leading' })
  expect(state.asked).toBe(2)
})

it('one that closes while the log is away lets go of what waits', async () => {
  const { state, time, fold, closing, write } = await openUnder()
  state.refuses = 'broker-away'
  const told = outcomeOf(write())
  await time.pass(logRetryMs)
  closing.abort()
  await time.settle()
  expect(await told).toMatchObject({ reason: 'broker-away' })
  expect(fold.rules()).toEqual([])
})

it('paging ends with the lead: an alert that can not be weighed fails it, and nobody is paged', async () => {
  const { state, log, logger, warned } = refusingLog()
  const time = createFakeTime(noonMs)
  const desk = createFakeDesk(time.clock)
  const fakes = createFakeNotifiers()
  const paging = await startPaging({
    log,
    desk,
    logger,
    clock: time.clock,
    timers: time.timers,
    random: () => 0,
    timeZone: 'UTC',
    notifiers: fakes.notifiersWhile(() => true),
    settings: { closeGraceMs: 0 },
  })
  await paging.putNotifier('ann', 'night', webhookNamed('night'))
  await paging.putRules('ann', [ruleOf('r')])
  state.refuses = 'not-leading'
  const failed = outcomeOf(paging.failed)
  desk.find('a1', { severity: 'critical' })
  await time.pass(60_000)
  expect(await failed).toMatchObject({ name: 'LogUnavailable', reason: 'not-leading' })
  expect([fakes.attempts, warned]).toEqual([[], []])
  const closed = paging.close()
  await time.pass(0)
  await closed
})

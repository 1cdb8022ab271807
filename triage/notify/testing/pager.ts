import type { PagingRule } from '../../../contracts/api/paging.ts'
import type { EventLog } from '../../../contracts/event-log.ts'
import type { Logger } from '../../../contracts/logger.ts'
import { type PagingEvent, pagingEvent } from '../../../contracts/paging-event.ts'
import { type LogMemory, openMemoryLog } from '../../../stream/memory-log.ts'
import type { PagedDesk } from '../paged-desk.ts'
import type { PagingSettings } from '../paging-settings.ts'
import { type Paging, startPaging } from '../start-paging.ts'
import type { Timers } from '../timers.ts'
import { createFakeDesk, type FakeDesk } from './fake-desk.ts'
import { createFakeNotifiers, type FakeNotifiers } from './fake-notifiers.ts'
import { createFakeTime, type FakeTime } from './fake-time.ts'

export interface TestPager {
  readonly desk: FakeDesk
  readonly time: FakeTime
  readonly fakes: FakeNotifiers
  readonly paging: Paging
  /** Everything that was logged, as text. */
  readonly logged: readonly string[]
  /** What stands in `paging.v1`. */
  recorded(): PagingEvent[]
  /** Ends it in an orderly way and starts it again on the same log. */
  restart(): Promise<void>
  /** The process is gone from one moment to the next: nothing of it goes on. Starts it again on what is on disk. */
  kill(): Promise<void>
  /** It dies at the n-th append from now (1: the next): just before the record is on disk, or just after. */
  dieAtAppend(n: number, moment: 'before' | 'after'): void
  /** The log refuses what comes until it is told again. */
  logAway(away: boolean): void
  /** Another process may have taken its place until it is told that it is sure again. */
  unsure(unsure: boolean): void
  /** What went out, as `kind alert>channel`, oldest first. */
  told(): string[]
  close(): Promise<void>
}

export const webhookNamed = (name: string) =>
  ({ title: name, enabled: true, settings: { kind: 'webhook', url: `http://127.0.0.1:9/${name}`, secret: 's3cret of the test' } }) as const
export const pagerDutyNamed = (name: string) =>
  ({ title: name, enabled: true, settings: { kind: 'pagerduty', routingKey: 's3cret key', url: 'http://127.0.0.1:9/v2' } }) as const

export const ruleOf = (id: string, over: Partial<PagingRule> = {}): PagingRule => ({
  id,
  title: id,
  enabled: true,
  severities: ['critical'],
  sites: [],
  hours: null,
  steps: [{ notifiers: ['night'], afterMinutes: 0 }],
  ...over,
})

/** 2026-03-02 was a Monday; 12:00 UTC. */
export const noonMs = Date.UTC(2026, 2, 2, 12)

const forever = new Promise<never>(() => {})

/** One life of the process: when it ends, nothing that it began goes on. */
interface Life {
  alive: boolean
  /** Appends until it dies. */
  appendsLeft: number
  moment: 'before' | 'after'
}

/** A pager over fakes and a clock that stands still, with the webhooks that are named and PagerDuty as `pagerduty`. */
export const startTestPager = async (
  channels: readonly string[],
  rules: readonly PagingRule[],
  settings: Partial<PagingSettings> = {},
): Promise<TestPager> => {
  const time = createFakeTime(noonMs)
  const desk = createFakeDesk(time.clock)
  const fakes = createFakeNotifiers()
  const memory: LogMemory = new Map()
  const logged: string[] = []
  const log = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`)
  const logger: Logger = { debug: log, info: log, warn: log, error: log }
  let life: Life = { alive: true, appendsLeft: Number.POSITIVE_INFINITY, moment: 'before' }
  let memoryLog = openMemoryLog(memory)

  const start = (): Promise<Paging> => {
    const mine: Life = { alive: true, appendsLeft: Number.POSITIVE_INFINITY, moment: 'before' }
    life = mine
    const here = openMemoryLog(memory)
    memoryLog = here
    const mortalLog: EventLog = {
      ...here,
      async append(topic, records) {
        const dies = --mine.appendsLeft <= 0
        if (!mine.alive || (dies && mine.moment === 'before')) {
          mine.alive = false
          await forever
        }
        if (away) await closedLog.append(topic, records)
        await here.append(topic, records)
        if (dies) mine.alive = false
        if (dies) await forever
      },
    }
    const mortalTimers: Timers = { after: (ms, callback) => time.timers.after(ms, () => mine.alive && callback()) }
    const mortalDesk: PagedDesk = {
      ...desk,
      get sequence() {
        return desk.sequence
      },
      onEvent: (listener) => desk.onEvent((event, alert) => mine.alive && listener(event, alert)),
    }
    return startPaging({
      log: mortalLog,
      desk: mortalDesk,
      logger,
      clock: time.clock,
      timers: mortalTimers,
      random: () => 0,
      timeZone: 'UTC',
      modelOf: (device) => (device.startsWith('pump') ? 'infusomat' : null),
      notifiers: fakes.notifiersWhile(() => mine.alive),
      sure: () => certain.promise,
      settings: { closeGraceMs: 0, stormAlertsMax: Number.POSITIVE_INFINITY, ...settings },
    })
  }
  const closedLog = openMemoryLog()
  await closedLog.close()
  let away = false
  let certain = Promise.withResolvers<void>()
  certain.resolve()
  let paging = await start()
  for (const name of channels) await paging.putNotifier('ana', name, name === 'pagerduty' ? pagerDutyNamed(name) : webhookNamed(name))
  const put = await paging.putRules('ana', rules)
  if (!put.ok) throw new Error(put.problem)

  const close = async (): Promise<void> => {
    const closed = paging.close()
    await time.pass(0)
    if (life.alive) await closed
  }
  return {
    desk,
    time,
    fakes,
    logged,
    get paging() {
      return paging
    },
    recorded: () =>
      (memory.get('paging.v1')?.[0]?.records ?? []).map(({ value }) => pagingEvent.parse(JSON.parse(Buffer.from(value).toString('utf8')))),
    async restart() {
      await close()
      await memoryLog.close()
      paging = await start()
      await time.settle()
    },
    async kill() {
      life.alive = false
      paging = await start()
      await time.settle()
    },
    dieAtAppend(n, moment) {
      life.appendsLeft = n
      life.moment = moment
    },
    logAway(now) {
      away = now
    },
    unsure(unsure) {
      if (unsure) certain = Promise.withResolvers()
      else certain.resolve()
    },
    told: () => fakes.attempts.filter(({ sent }) => sent === 'sent').map(({ to, message }) => `${message.kind} ${message.alert.id}>${to}`),
    close,
  }
}

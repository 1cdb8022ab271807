import type { PagingRule } from '../../../contracts/api/paging.ts'
import { silentLogger } from '../../../contracts/logger.ts'
import { type LogMemory, openMemoryLog } from '../../../stream/memory-log.ts'
import type { PagingSettings } from '../paging-settings.ts'
import { type Paging, startPaging } from '../start-paging.ts'
import { createFakeDesk, type FakeDesk } from './fake-desk.ts'
import { createFakeNotifiers, type FakeNotifiers } from './fake-notifiers.ts'
import { createFakeTime, type FakeTime } from './fake-time.ts'

export interface TestPager {
  readonly desk: FakeDesk
  readonly time: FakeTime
  readonly fakes: FakeNotifiers
  readonly memory: LogMemory
  readonly paging: Paging
  /** As after a kill: what was under way is forgotten, only the log is left. */
  restart(): Promise<void>
  /** What went out, as `kind-of-what alert>channel`, oldest first. */
  told(): string[]
  close(): Promise<void>
}

export const webhookNamed = (name: string) =>
  ({ title: name, enabled: true, settings: { kind: 'webhook', url: `http://127.0.0.1:9/${name}`, secret: 'of the test' } }) as const

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
  const start = () =>
    startPaging({
      log: openMemoryLog(memory),
      desk,
      logger: silentLogger,
      clock: time.clock,
      timers: time.timers,
      random: () => 0,
      timeZone: 'UTC',
      modelOf: (device) => (device.startsWith('pump') ? 'infusomat' : null),
      notifiers: fakes.notifiers,
      settings: { closeGraceMs: 0, ...settings },
    })
  let paging = await start()
  for (const name of channels)
    await paging.putNotifier(
      'ana',
      name,
      name === 'pagerduty'
        ? { title: name, enabled: true, settings: { kind: 'pagerduty', routingKey: 'k', url: 'http://127.0.0.1:9/v2' } }
        : webhookNamed(name),
    )
  const put = await paging.putRules('ana', rules)
  if (!put.ok) throw new Error(put.problem)
  return {
    desk,
    time,
    fakes,
    memory,
    get paging() {
      return paging
    },
    async restart() {
      const closed = paging.close()
      await time.pass(0)
      await closed
      paging = await start()
      await time.settle()
    },
    told: () => fakes.attempts.filter(({ sent }) => sent === 'sent').map(({ to, message }) => `${message.kind} ${message.alert.id}>${to}`),
    async close() {
      const closed = paging.close()
      await time.pass(0)
      await closed
    },
  }
}

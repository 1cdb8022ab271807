import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { undoMs } from '../../contracts/case-event.ts'
import type { Severity } from '../../contracts/finding.ts'
import type { PagingSettings } from './paging-settings.ts'
import { channelDetector } from './wanted.ts'
import { away, sentWell } from './testing/fake-notifiers.ts'
import { ruleOf, startTestPager, type TestPager } from './testing/pager.ts'

const rules = [
  ruleOf('critical', {
    steps: [
      { notifiers: ['night', 'pagerduty'], afterMinutes: 0 },
      { notifiers: ['chief'], afterMinutes: 10 },
      { notifiers: ['night', 'chief'], afterMinutes: 30 },
    ],
  }),
  ruleOf('high', { severities: ['high', 'critical'], steps: [{ notifiers: ['chief'], afterMinutes: 0 }] }),
]
const channels = ['night', 'chief', 'pagerduty'] as const
const ids = ['a', 'b', 'c'] as const

type Operation =
  | { readonly type: 'find'; readonly id: string; readonly severity: Severity }
  | { readonly type: 'acknowledge' | 'close' | 'snooze' | 'wake' | 'undo'; readonly id: string }
  | { readonly type: 'pass'; readonly seconds: number }
  | { readonly type: 'answer'; readonly channel: string; readonly well: boolean }
  | { readonly type: 'kill' }
  | { readonly type: 'restart' }
  | { readonly type: 'miss' }
  | { readonly type: 'die'; readonly appends: number; readonly moment: 'before' | 'after' }

const id = fc.constantFrom(...ids)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('find'), id, severity: fc.constantFrom('low', 'high', 'critical' as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('acknowledge', 'close', 'snooze', 'wake', 'undo'), id }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('pass'), seconds: fc.constantFrom(1, 9, 60, 400, 1_900) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('answer'), channel: fc.constantFrom(...channels), well: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constantFrom<Operation>({ type: 'kill' }, { type: 'restart' }, { type: 'miss' }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('die'), appends: fc.integer({ min: 1, max: 4 }), moment: fc.constantFrom('before', 'after') }),
  },
)

/** What triage allows in the alert's state. */
const act = ({ desk, time }: TestPager, type: 'acknowledge' | 'close' | 'snooze' | 'wake' | 'undo', id: string): void => {
  const alert = desk.alert(id)
  const state = alert?.state
  const undoable = alert !== undefined && time.clock.now() - alert.lastChange.at <= undoMs
  const allowed = {
    acknowledge: state === 'new',
    close: state === 'new' || state === 'acknowledged',
    snooze: state === 'new' || state === 'acknowledged',
    wake: state === 'snoozed',
    undo: undoable && (state === 'acknowledged' || state === 'closed'),
  }
  if (allowed[type]) desk[type](id)
}

describe('whatever happens to alerts, channels and the process', () => {
  const run = async (operations: readonly Operation[], limits: Partial<PagingSettings> = {}): Promise<void> => {
    const pager = await startTestPager(channels, rules, { giveUpAfterMs: 1e12, ...limits })
    const { desk, time, fakes } = pager
    const problems: string[] = []
    fakes.onAttempt((to, message) => {
      const alert = desk.alert(message.alert.id)!
      const said = `${message.kind} ${alert.id} (${alert.severity}, ${alert.state}) to ${to}`
      if (pager.recorded().some((event) => event.type === 'page.sent' && event.page === message.id)) problems.push(`again: ${said}`)
      if (message.kind !== 'page' && message.kind !== 'storm') {
        if (to !== 'pagerduty' || alert.state !== message.kind) problems.push(`not so: ${said}`)
        return
      }
      const asked = rules.some(
        ({ severities, steps }) => severities.includes(alert.severity) && steps.some(({ notifiers }) => notifiers.includes(to)),
      )
      if (!asked) problems.push(`nobody asked: ${said}`)
      if (alert.state !== 'new' && alert.state !== 'acknowledged') problems.push(`too late: ${said}`)
      if (alert.detector === channelDetector && alert.device === `channel:${to}`) problems.push(`itself: ${said}`)
    })
    for (const one of operations) {
      if (one.type === 'find') {
        // A finding on a closed alert opens another one.
        if (desk.alert(one.id)?.state !== 'closed') desk.find(one.id, { severity: one.severity })
      } else if (one.type === 'pass') await time.pass(one.seconds * 1_000)
      else if (one.type === 'answer') fakes.answer(one.channel, one.well ? sentWell : away)
      else if (one.type === 'kill') await pager.kill()
      else if (one.type === 'restart') await pager.restart()
      else if (one.type === 'die') pager.dieAtAppend(one.appends, one.moment)
      else if (one.type === 'miss') {
        desk.deafen(true)
        desk.find('missed', { severity: 'critical' })
        desk.deafen(false)
        await pager.kill()
      } else act(pager, one.type, one.id)
      // Sometimes the next thing happens before anything could be done about this one.
      if (one.type !== 'find') await time.settle()
    }
    for (const channel of channels) fakes.answer(channel, sentWell)
    await pager.kill()
    await time.pass(3 * 3_120_000)
    expect(problems).toEqual([])

    // Every page that is still due has gone out: of each alert that nobody took, every step that a rule asks for.
    const sent = pager.recorded().flatMap((event) => (event.type === 'page.sent' ? [event.page] : []))
    expect(new Set(sent).size).toBe(sent.length)
    const told = fakes.attempts.filter((one) => one.sent === 'sent').map(({ to, message }) => `${message.kind} ${message.alert.id}>${to}`)
    const queued = new Map(pager.recorded().flatMap((event) => (event.type === 'page.queued' ? [[event.page, event] as const] : [])))
    for (const event of pager.recorded())
      if (event.type === 'pages.gathered' && sent.includes(event.page))
        for (const page of event.pages) told.push(`page ${queued.get(page)!.alert}>${event.notifier}`)
    for (const alertId of [...ids, 'missed']) {
      const alert = desk.alert(alertId)
      if (alert?.state !== 'new') continue
      for (const { severities, steps } of rules)
        if (severities.includes(alert.severity))
          for (const { notifiers } of steps) for (const to of notifiers) expect(told).toContain(`page ${alertId}>${to}`)
    }
    expect(pager.paging.stats()['waiting']).toBe(0)
    expect(pager.logged.filter((line) => line.includes('threw'))).toEqual([])
    await pager.close()
  }

  it('each page that is due goes out, once where that was recorded, and none that no rule asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), (operations) => run(operations)),
      { numRuns: 100 },
    )
  }, 120_000)

  it('the same when it is a storm after one alert', async () => {
    const storm = { stormAlertsMax: 1, stormWindowMs: 300_000 }
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), (operations) => run(operations, storm)),
      { numRuns: 100 },
    )
  }, 120_000)
})

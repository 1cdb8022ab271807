import { afterEach, describe, expect, it } from 'vitest'
import type { PagingRule } from '../../contracts/api/paging.ts'
import { noonMs, ruleOf, startTestPager, type TestPager, webhookNamed } from './testing/pager.ts'

const minuteMs = 60_000
/** Tells `night` at once, `chief` after 10 minutes and `director` after 30. */
const escalating = ruleOf('critical', {
  steps: [
    { notifiers: ['night'], afterMinutes: 0 },
    { notifiers: ['chief'], afterMinutes: 10 },
    { notifiers: ['director'], afterMinutes: 30 },
  ],
})
const day = ruleOf('day', { hours: { from: 8, to: 18 } })
const overnight = ruleOf('overnight', { hours: { from: 20, to: 8 } })

type Step = number | ((pager: TestPager) => unknown)
interface Story {
  readonly rules?: readonly PagingRule[]
  /** Minutes that pass, and what happens between. */
  readonly given: readonly Step[]
  /** What went out: `kind alert>channel`. */
  readonly tells: readonly string[]
}

const find =
  (id = 'a', over: Parameters<TestPager['desk']['find']>[1] = {}): Step =>
  ({ desk }) =>
    desk.find(id, over)
const does =
  (verb: 'acknowledge' | 'close' | 'snooze' | 'wake' | 'undo', id = 'a'): Step =>
  ({ desk }) =>
    desk[verb](id)
const restart: Step = (pager) => pager.restart()

const stories: Record<string, Story> = {
  'a critical finding is told at once': { given: [find()], tells: ['page a>night'] },
  'nobody acknowledges: each step in its time': {
    given: [find(), 9, 1.1, 18, 2],
    tells: ['page a>night', 'page a>chief', 'page a>director'],
  },
  'each step in its time over restarts': {
    given: [find(), restart, 9, restart, 1.1, restart, 18, restart, 2, restart],
    tells: ['page a>night', 'page a>chief', 'page a>director'],
  },
  'not a minute early': { given: [find(), 9.9], tells: ['page a>night'] },
  'acknowledged: no further step': { given: [find(), 5, does('acknowledge'), 60], tells: ['page a>night'] },
  'acknowledged while paging was down: no further step': {
    given: [find(), 5, ({ desk }) => desk.deafen(true), does('acknowledge'), restart, 60],
    tells: ['page a>night'],
  },
  'closed: no further step': { given: [find(), 5, does('close'), 60], tells: ['page a>night'] },
  'an acknowledgement that is undone: the steps go on, counted anew': {
    given: [find(), 5, does('acknowledge'), 0.1, does('undo'), 9, () => {}, 2],
    tells: ['page a>night', 'page a>chief'],
  },
  'snoozed: no further step, and none when it wakes, for somebody has seen it': {
    given: [find(), 5, does('snooze'), 60, does('wake'), 60],
    tells: ['page a>night'],
  },
  'snoozed and worse: told anew, from the first step on': {
    rules: [ruleOf('bad', { severities: ['high', 'critical'], steps: escalating.steps.slice(0, 2) })],
    given: [find('a', { severity: 'high' }), 5, does('snooze'), 60, find('a', { severity: 'critical' }), 1, restart, find(), 10],
    tells: ['page a>night', 'page a>night', 'page a>chief'],
  },
  'worse while it still waits: the same rule does not tell it again': {
    rules: [ruleOf('bad', { severities: ['high', 'critical'], steps: escalating.steps.slice(0, 2) })],
    given: [find('a', { severity: 'high' }), 5, find('a', { severity: 'critical' }), 6],
    tells: ['page a>night', 'page a>chief'],
  },
  'a suppression hides it: no further step': {
    given: [find('a', { device: 'pump-1' }), 5, ({ desk }) => desk.suppress('replay', { device: 'pump-1' }), 60],
    tells: ['page a>night'],
  },
  'a suppression by model hides it': {
    given: [find('a', { device: 'pump-1' }), 5, ({ desk }) => desk.suppress('replay', { model: 'infusomat' }), 60],
    tells: ['page a>night'],
  },
  'a suppression of another device hides nothing': {
    given: [find('a', { device: 'pump-1' }), 5, ({ desk }) => desk.suppress('replay', { device: 'pump-2' }), 6],
    tells: ['page a>night', 'page a>chief'],
  },
  'the suppression ends: the steps go on, counted anew': {
    given: [
      find('a', { device: 'pump-1' }),
      5,
      ({ desk }) => desk.suppress('replay', { device: 'pump-1' }),
      60,
      ({ desk }) => desk.unsuppress('s1'),
      9,
      2,
    ],
    tells: ['page a>night', 'page a>chief'],
  },
  'a thousand findings of one alert are one page': {
    given: [...Array.from({ length: 1_000 }, () => find()), 1, restart, find(), 1],
    tells: ['page a>night'],
  },
  'two alerts are two pages': { given: [find('a'), find('b')], tells: ['page a>night', 'page b>night'] },
  'a new alert after closing is told': { given: [find('a'), does('close'), find('b')], tells: ['page a>night', 'page b>night'] },
  'not bad enough': { given: [find('a', { severity: 'high' }), 60], tells: [] },
  'it gets worse: the rule that now asks for it tells it': {
    given: [find('a', { severity: 'low' }), 5, find('a', { severity: 'critical' })],
    tells: ['page a>night'],
  },
  'it gets worse after somebody acknowledged: told, not escalated': {
    given: [find('a', { severity: 'low' }), does('acknowledge'), 5, find('a', { severity: 'critical' }), 60],
    tells: ['page a>night'],
  },
  'an acknowledged one that goes on is not told': {
    given: [find('a'), does('acknowledge'), 5, find('a'), 60],
    tells: ['page a>night'],
  },
  'another rule tells the same channel again only when it got worse': {
    rules: [ruleOf('high', { severities: ['high', 'critical'] }), ruleOf('critical')],
    given: [find('a', { severity: 'high' }), 1, find('a'), 1, find('a', { severity: 'critical' }), 1, find('a')],
    tells: ['page a>night', 'page a>night'],
  },
  'two rules, one channel, one page': {
    rules: [ruleOf('all'), ruleOf('north', { sites: ['north'] })],
    given: [find('a'), 1, find('a')],
    tells: ['page a>night'],
  },
  'another site': { rules: [ruleOf('south', { sites: ['south'] })], given: [find('a'), 60], tells: [] },
  'no site, and a rule that names some': {
    rules: [ruleOf('south', { sites: ['south'] })],
    given: [find('a', { site: null }), 60],
    tells: [],
  },
  'the hour decides who is told': { rules: [day, overnight], given: [find('a')], tells: ['page a>night'] },
  'outside its hours': { rules: [overnight], given: [find('a'), 60], tells: [] },
  'over midnight': { rules: [overnight], given: [12 * 60, find('a')], tells: ['page a>night'] },
  'its hours come while it still goes on': { rules: [overnight], given: [find('a'), 9 * 60, find('a')], tells: ['page a>night'] },
  'a rule that is off': { rules: [ruleOf('off', { enabled: false })], given: [find('a'), 60], tells: [] },
  'the rule goes: its steps go': { given: [find('a'), 5, ({ paging }) => paging.putRules('ana', []), 60], tells: ['page a>night'] },
  'the channel is turned off: its step goes': {
    given: [find('a'), 5, ({ paging }) => paging.putNotifier('ana', 'chief', { ...webhookNamed('chief'), enabled: false }), 60],
    tells: ['page a>night', 'page a>director'],
  },
  'what came before the rules is not told': {
    rules: [],
    given: [find('a'), 1, ({ paging }) => paging.putRules('ana', [escalating]), 60, restart, 60],
    tells: [],
  },
  'a case event that paging did not live to see': {
    given: [({ desk }) => desk.deafen(true), find('a'), find('b'), does('close', 'b'), restart],
    tells: ['page a>night'],
  },
  'so many case events missed that triage does not hold them': {
    given: [({ desk }) => (desk.holdEvents(1), desk.deafen(true)), find('a'), find('b'), does('close', 'b'), find('a'), restart, 10.1],
    tells: ['page a>night', 'page a>chief'],
  },
  'PagerDuty hears of an acknowledgement and a close, when they stay': {
    rules: [ruleOf('pd', { steps: [{ notifiers: ['pagerduty', 'night'], afterMinutes: 0 }] })],
    given: [find('a'), 1, does('acknowledge'), 0.1, does('undo'), 1, does('acknowledge'), 1, restart, does('close'), 1, restart, 60],
    tells: ['page a>night', 'page a>pagerduty', 'acknowledged a>pagerduty', 'closed a>pagerduty'],
  },
  'PagerDuty hears nothing of an alert it was not told of': {
    rules: [ruleOf('pd', { steps: [{ notifiers: ['pagerduty'], afterMinutes: 0 }] })],
    given: [find('a', { severity: 'low' }), does('close'), 60],
    tells: [],
  },
}

describe('who is told of what, and when', () => {
  let pager: TestPager | null = null
  afterEach(() => pager?.close())

  for (const [name, { rules = [escalating], given, tells }] of Object.entries(stories))
    it(name, async () => {
      pager = await startTestPager(['night', 'chief', 'director', 'pagerduty'], rules)
      for (const step of given) {
        if (typeof step === 'number') await pager.time.pass(step * minuteMs)
        else await step(pager)
        await pager.time.settle()
      }
      expect(pager.told()).toEqual(tells)
      const ids = pager.fakes.attempts.map(({ to, message }) => `${to} ${message.id}`)
      expect(new Set(ids).size).toBe(ids.length)
      expect(pager.time.clock.now()).toBeGreaterThanOrEqual(noonMs)
    })
})

import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineDetector } from '../../contracts/detector.ts'
import type { Observation } from '../../contracts/observation.ts'
import { runStages } from '../../stream/host/harness.ts'
import { reading, readings, second, session, storyStartMs, times } from '../stories/observations.ts'
import presence from './presence.ts'

/** A detector that says what it hears: the derivation's words become visible. */
const listener = defineDetector({
  id: 'listener',
  version: 1,
  title: 'Listener',
  keyedBy: 'cohort',
  severity: 'low',
  attack: [],
  controls: [],
  accepts: ['presence'],
  parameters: z.object({}),
  state: z.object({}),
  stateBytesMax: 16,
  initial: () => ({}),
  observe(_, { device, state, since, receivedAt, expectedIntervalMs }, __, context) {
    const at = (ms: number) => Math.round((ms - storyStartMs) / 100) / 10
    context.emit({ score: 1, device, why: `${at(receivedAt)} ${state} since ${at(since)} each ${expectedIntervalMs}`, evidence: [] })
  },
})

const heard = (observations: readonly Observation[], untilMs: number, edgeAway: { fromMs: number; untilMs: number }[] = []): string[] =>
  runStages({ detectors: [listener], derivations: [presence], observations, untilMs, edgeAway }).map(({ why }) => why)

const regular = readings({ count: 30 })

it('a device is present once its interval is known, and absent when it is overdue', () => {
  expect(heard(regular, second(120))).toEqual(['5 present since 5 each 1000', '84 absent since 29 each 1000'])
})

it('a gap of some intervals is no absence', () => {
  expect(heard([...regular, ...readings({ count: 30, fromMs: second(70) })], second(110))).toHaveLength(1)
})

it('it says when the device is back', () => {
  const said = heard([...regular, ...readings({ count: 30, fromMs: second(150) })], second(160))
  expect(said.at(-1)).toBe('150 present since 150 each 1000')
})

it('a slow device is waited for by its own interval', () => {
  const slow = readings({ count: 12, everyMs: 300_000 })
  expect(heard(slow, second(3_300 + 1_100))).toHaveLength(1)
  expect(heard(slow, second(3_300 + 1_300)).at(-1)).toMatch(/ absent since 3300 each 300000$/)
})

it('four readings are too few to expect a fifth', () => {
  expect(heard(readings({ count: 4 }), second(4_000))).toEqual([])
})

it('the rhythm of a backlog is that of the device and not of its delivery', () => {
  const backlog = times(40, (i) => reading(second(0) + i * 20, { deviceTime: second(-4_000 + i * 100) }))
  expect(heard(backlog, second(300))).toEqual(['0.1 present since 0.1 each 100000'])
})

it('a new rhythm is learned within a dozen readings', () => {
  const history = times(40, (i) => reading(second(0) + i * 20, { deviceTime: second(-600 + i * 15) }))
  const said = heard([...history, ...readings({ count: 26, fromMs: second(1) })], second(120))
  expect(said.at(-1)).toBe('81 absent since 26 each 1000')
})

it('a device that said goodbye is forgotten, not missed', () => {
  const said = heard([...regular, session('disconnect', second(30), { reason: 'client' })], second(600))
  expect(said.at(-1)).toMatch(/^84 absent since 29 each 0$/)
})

it('a sensor that says goodbye after each reading is missed all the same', () => {
  const naps = times(12, (i) => [
    session('connect', second(i * 60 - 1)),
    reading(second(i * 60)),
    session('disconnect', second(i * 60 + 1), { reason: 'client' }),
  ])
  expect(heard(naps, second(3_000)).at(-1)).toMatch(/ absent since 660 each 60000$/)
})

it('a device whose session broke has time to restart', () => {
  const lost = [...regular, session('disconnect', second(30), { reason: 'lost' })]
  expect(heard(lost, second(90))).toHaveLength(1)
  expect(heard(lost, second(160)).at(-1)).toBe('92.3 absent since 29 each 1000')
})

it("the edge's own outage is nobody's silence", () => {
  const away = [{ fromMs: second(31), untilMs: second(500) }]
  expect(heard([...regular, ...readings({ count: 30, fromMs: second(560) })], second(590), away)).toHaveLength(1)
  expect(heard(regular, second(700), away).at(-1)).toMatch(/ absent since 29 each 1000$/)
})

it('a device that moved to another site is forgotten by the first', () => {
  const said = heard([...regular, ...readings({ count: 5, fromMs: second(30) }, () => ({ site: 'south' }))], second(35))
  expect(said).toEqual(['5 present since 5 each 1000', '30 absent since 29 each 0', '30 present since 30 each 1000'])
})

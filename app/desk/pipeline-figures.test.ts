import { expect, it } from 'vitest'
import { pipeline } from '../../contracts/api/pipeline.ts'
import { createLatencyHistogram } from '../../contracts/histogram.ts'
import type { RoleStatus } from '../role-status.ts'
import { createPipelineFigures } from './pipeline-figures.ts'

const begin = () => {
  const clock = { nowMs: 1_000_000 }
  const behind: { ms: number | null } = { ms: null }
  const figures = createPipelineFigures(
    () => clock.nowMs,
    () => behind.ms,
  )
  const role = (kind: RoleStatus['kind'], stats: object, change: Partial<RoleStatus> = {}): RoleStatus => ({
    name: kind,
    kind,
    state: 'running',
    pid: 1,
    restarts: 0,
    info: {},
    stats: { ...stats },
    statsAtMs: clock.nowMs,
    ...change,
  })
  const stage = (id: string) => figures.read().stages.find((one) => one.id === id)!
  return { clock, behind, figures, role, stage }
}

it('tells rates and quantiles of the last seconds, and what was not measured as null', () => {
  const { clock, figures, role, stage } = begin()
  const ack = createLatencyHistogram()
  ack.record(400, 1_000)
  for (let second = 0; second <= 20; second++) {
    clock.nowMs += 1_000
    if (second > 0) ack.record(4, 2_000)
    figures.told([
      role('edge', {
        publishes: second * 2_000,
        acknowledged: second * 2_000,
        signedIn: 198,
        ackLatency: ack.snapshot(),
        observationsDropped: 0,
        log: { records: second * 2_010 },
      }),
      role('detect', { records: second * 2_000, lagByPartition: { 'a/0': 20 }, findingsByDetector: { flood: second } }),
      role('hub', { rowsByTable: { readings: second * 1_900 }, lagByPartition: {}, triage: { folded: second, waiting: 0 } }),
    ])
  }
  const { signs } = pipeline.parse(figures.read())
  expect(signs).toMatchObject({ readingsPerSecond: 2_000, connections: 198, lagMs: 10, drops: 0, historyBehindMs: null, problems: [] })
  // The slow ones at the start are over.
  expect(signs.ackP99Ms).toBeLessThan(6)
  expect(stage('detect')).toMatchObject({
    state: 'running',
    inPerSecond: 2_000,
    outPerSecond: 1,
    queue: 20,
    latencyP99Ms: null,
    deadLetters: null,
  })
  expect(stage('landing')).toMatchObject({ inPerSecond: 1_900, drops: null })
  expect(stage('edge').history).toHaveLength(21)
  expect(stage('edge').history[0]).toBeNull()
})

it('a restarted role is no negative rate', () => {
  const { clock, figures, role, stage } = begin()
  figures.told([role('edge', { publishes: 50_000 })])
  clock.nowMs += 1_000
  figures.told([role('edge', { publishes: 10 }, { restarts: 1 })])
  expect(stage('edge')).toMatchObject({ inPerSecond: null, restarts: 1 })
})

it.each([
  ['down', { state: 'restarting' as const }],
  ['unknown', { statsAtMs: 1 }],
])('a role that is away is %s, and its numbers are none', (state, change) => {
  const { clock, figures, role, stage } = begin()
  for (let i = 0; i < 3; i++) {
    clock.nowMs += 1_000
    figures.told([role('detect', { records: i }, change)])
  }
  expect(stage('detect')).toMatchObject({ state, inPerSecond: null, queue: null })
})

it('far behind is behind', () => {
  const { clock, behind, figures, role, stage } = begin()
  clock.nowMs += 1_000
  behind.ms = 42_000
  figures.told([role('detect', { lagByPartition: { 'a/0': 50_000 } }), role('hub', { paging: { dead: 1 } })])
  expect(stage('detect').state).toBe('behind')
  expect(stage('landing')).toMatchObject({ state: 'behind', problem: null })
  expect(stage('paging')).toMatchObject({ state: 'down', problem: '1 paging channel is dead' })
})

it('why history is behind is said while it is', () => {
  const { clock, behind, figures, role, stage } = begin()
  clock.nowMs += 1_000
  figures.told([role('hub', { problem: 'connect ECONNREFUSED' })])
  expect(stage('landing').problem).toBeNull()
  behind.ms = 42_000
  expect(stage('landing').problem).toBe('ClickHouse takes nothing: connect ECONNREFUSED')
  expect(figures.read().signs).toMatchObject({ historyBehindMs: 42_000, problems: ['ClickHouse takes nothing: connect ECONNREFUSED'] })
})

it('what a sink has had no answer to for long is said, though nothing that is measured is behind', () => {
  const { clock, figures, role, stage } = begin()
  const told = (problem: string | null): void => {
    clock.nowMs += 1_000
    figures.told([role('hub', { problem })])
  }
  for (const problem of ['no answer for 5 s', 'no answer for 6 s', null, 'no answer for 5 s']) told(problem)
  for (let seconds = 6; seconds < 10; seconds++) told(`no answer for ${seconds} s`)
  // A fault that is over is forgotten.
  expect(stage('landing')).toMatchObject({ state: 'running', problem: null })
  told('no answer for 10 s')
  expect(stage('landing')).toMatchObject({ state: 'behind', problem: 'ClickHouse takes nothing: no answer for 10 s' })
  expect(figures.read().signs.problems).toEqual(['ClickHouse takes nothing: no answer for 10 s'])
  told(null)
  expect(stage('landing')).toMatchObject({ state: 'running', problem: null })
})

it('when the supervisor is silent nothing is claimed', () => {
  const { clock, figures, role } = begin()
  figures.told([role('edge', { publishes: 1, signedIn: 5 })])
  clock.nowMs += 6_000
  const { signs, stages } = figures.read()
  expect(signs).toMatchObject({ readingsPerSecond: null, connections: null, lagMs: null, drops: null })
  expect(signs.problems).toHaveLength(1)
  expect(new Set(stages.map(({ state }) => state))).toEqual(new Set(['unknown']))
})

it('an edge that serves its devices and may not read what it follows says so', () => {
  const { clock, figures, role, stage } = begin()
  clock.nowMs += 1_000
  figures.told([role('edge', { unheard: null })])
  expect(stage('edge').problem).toBeNull()
  figures.told([role('edge', { unheard: 'it hears nothing of commands.v1: Topic authorization failed' })])
  expect(stage('edge')).toMatchObject({ state: 'running', problem: 'edge: it hears nothing of commands.v1: Topic authorization failed' })
})

it('messages that do not open are dead letters of the log: as many as the role that reads most of them counts', () => {
  const { clock, figures, role, stage } = begin()
  clock.nowMs += 1_000
  expect(stage('log').deadLetters).toBeNull()
  figures.told([role('desk', { log: { unopened: 1 } }), role('edge', {}), role('detect', { log: { unopened: 3 } })])
  expect(stage('log').deadLetters).toBe(3)
})

it.each([
  ['ahead', { clockAheadMs: 86_400_000, clockBehindMs: 0 }, "edge: its clock is 86400 s ahead of Kafka's"],
  ['behind', { clockAheadMs: 0, clockBehindMs: 61_000 }, "edge: its clock is 61 s behind Kafka's"],
  ['a little ahead', { clockAheadMs: 4_900, clockBehindMs: 0 }, null],
])('a clock that is %s shows, and the log runs on', (_, log, problem) => {
  const { clock, figures, role, stage } = begin()
  clock.nowMs += 1_000
  figures.told([role('desk', {}), role('edge', { log })])
  expect(stage('log')).toMatchObject({ state: 'running', problem })
  expect(figures.read().signs.problems).toEqual(problem === null ? [] : [problem])
})

it.each([
  ['reads', { readAwayMs: 12_000 }, 'desk can not read the log (Kafka has given nothing for 12 s: certificate has expired)'],
  ['writes', { brokerAwayMs: 8_000 }, 'desk can not write the log (Kafka has taken nothing for 8 s: certificate has expired)'],
  ['reads again', { readAwayMs: 0, brokerAwayMs: 200 }, null],
])('a desk that %s shows it in the stage of the log', (_, log, problem) => {
  const { clock, figures, role, stage } = begin()
  clock.nowMs += 1_000
  figures.told([role('desk', { log, logTrouble: 'certificate has expired' }), role('edge', {})])
  expect(stage('log')).toMatchObject({ state: problem === null ? 'running' : 'down', problem })
})

import { expect, it } from 'vitest'
import { encodeMachine, type MachineFigures } from '../../contracts/machine-figures.ts'
import { machineFiguresOf } from '../machine-figures.ts'
import type { RoleStatus } from '../role-status.ts'
import { createKnownMachines } from './known-machines.ts'
import { createPipelineFigures } from './pipeline-figures.ts'

/** A desk on `desk-a`, and other machines that tell it of themselves. */
const begin = () => {
  const clock = { nowMs: 1_000_000 }
  const refused: { problem: string | null } = { problem: null }
  const known = createKnownMachines('desk-a', () => clock.nowMs)
  const figures = createPipelineFigures(
    () => clock.nowMs,
    () => null,
    undefined,
    { list: known.list, shared: known.shared, problem: () => refused.problem },
  )
  const role = (kind: RoleStatus['kind'], machine: string, stats: object, change: Partial<RoleStatus> = {}): RoleStatus => ({
    name: `${kind}@${machine}`,
    kind,
    state: 'running',
    pid: 1,
    restarts: 0,
    info: { port: 8_883 },
    stats: { ...stats },
    statsAtMs: clock.nowMs,
    ...change,
  })
  const hear = (machine: string, roles: readonly RoleStatus[], run = 'first'): void =>
    known.take(encodeMachine(machineFiguresOf(machine, run, roles, clock.nowMs)))
  const own = (stats: object = {}): void => figures.told([role('desk', 'desk-a', { triage: { folded: 0 }, ...stats })])
  const stage = (id: string) => figures.read().stages.find((one) => one.id === id)!
  const signs = () => figures.read().signs
  /** Seconds in which this desk's supervisor tells, and every fifth of which the others do. */
  const seconds = (count: number, others: (second: number) => void = () => {}): void => {
    for (let second = 1; second <= count; second++) {
      clock.nowMs += 1_000
      if (second % 5 === 0) others(second)
      own()
    }
  }
  return { clock, refused, known, figures, role, hear, own, stage, signs, seconds }
}

it('adds up what every machine counts, and reads their queues, latencies and problems', () => {
  const { role, hear, stage, signs, seconds } = begin()
  seconds(30, (second) => {
    for (const [machine, perSecond] of [
      ['edge-a', 2_000],
      ['edge-b', 500],
    ] as const)
      hear(machine, [
        role('edge', machine, { publishes: second * perSecond, acknowledged: second * perSecond, signedIn: 40, log: { records: 1 } }),
      ])
    hear('detect-a', [role('detect', 'detect-a', { records: second * 2_500, lagByPartition: { 'a/0': 20, 'a/1': 5 } })])
    hear('sink-a', [
      role('sink', 'sink-a', { rowsByTable: { readings: second * 100, sessions: second }, lagByPartition: { x: 2_000_000 } }),
    ])
  })
  expect(stage('edge')).toMatchObject({ state: 'running', inPerSecond: 2_500, outPerSecond: 2_500, problem: null })
  expect(stage('detect')).toMatchObject({ state: 'running', inPerSecond: 2_500, queue: 25 })
  expect(stage('landing')).toMatchObject({ state: 'running', inPerSecond: 101, problem: 'sink@sink-a is 2000000 records behind' })
  expect(signs()).toMatchObject({
    connections: 80,
    readingsPerSecond: 2_500,
    lagMs: 10,
    problems: ['sink@sink-a is 2000000 records behind'],
  })
})

it('a machine that was started again counts anew, and takes nothing from the others', () => {
  const { role, hear, stage, seconds } = begin()
  const edge = (machine: string, publishes: number, uptimeSeconds: number) =>
    hear(machine, [role('edge', machine, { publishes, process: { uptimeSeconds } })])
  seconds(20, (second) => {
    edge('edge-a', second * 100, second)
    edge('edge-b', 1_000 + second * 10, second)
  })
  expect(stage('edge').inPerSecond).toBe(110)
  // It counts past what it had before: only its process's age tells.
  seconds(5, () => {
    edge('edge-a', 25 * 100, 25)
    edge('edge-b', 5_000, 1)
  })
  expect(stage('edge').inPerSecond).toBe(100)
  seconds(5, () => {
    edge('edge-a', 30 * 100, 30)
    edge('edge-b', 5_050, 6)
  })
  expect(stage('edge').inPerSecond).toBe(110)
})

it('a machine that nothing came of for 15 s is named, its figures are none, and it is forgotten after minutes', () => {
  const { known, role, hear, stage, signs, seconds } = begin()
  const both = (second: number) => {
    hear('edge-a', [role('edge', 'edge-a', { publishes: second * 100 })])
    hear('detect-a', [role('detect', 'detect-a', { records: second * 100 })])
  }
  const edgeOnly = (second: number) => hear('edge-a', [role('edge', 'edge-a', { publishes: second * 100 })])
  seconds(20, both)
  expect(stage('detect')).toMatchObject({ state: 'running', inPerSecond: 100 })
  seconds(10, edgeOnly)
  expect(stage('detect')).toMatchObject({ state: 'running', problem: null })
  seconds(10, edgeOnly)
  const sentence = 'detect-a has not been heard of for 20 s: stopped, or cut off from Kafka'
  expect(stage('detect')).toMatchObject({ state: 'unknown', inPerSecond: null, queue: null, problem: sentence })
  expect(stage('edge')).toMatchObject({ state: 'running', problem: null })
  expect(signs().problems).toEqual([sentence])
  expect(known.stats()).toEqual({ known: 2, silent: 1, shared: 0, unreadable: 0 })
  seconds(600, edgeOnly)
  expect(known.stats()).toMatchObject({ known: 1, silent: 0 })
  expect(stage('detect')).toMatchObject({ state: 'unknown', problem: 'No machine that is heard of runs detect' })
  expect(signs().problems).toEqual([])
})

it('two machines that call themselves the same are told, this one too', () => {
  const { hear, signs, seconds } = begin()
  const both =
    (...names: readonly string[]) =>
    (second: number) =>
      names.forEach((name) => hear(name, [], second % 10 === 0 ? 'one' : 'other'))
  seconds(20, both('edge-a', 'desk-a'))
  expect(signs().problems).toEqual([
    'Two machines call themselves desk-a: give each a node of its own',
    'Two machines call themselves edge-a: give each a node of its own',
  ])
  seconds(20, () => hear('edge-a', [], 'one'))
  expect(signs().problems).toEqual([])
})

it('a machine that was stopped in order is not missed', () => {
  const { clock, known, role, hear, stage, signs, seconds } = begin()
  seconds(20, (second) => ['edge-a', 'edge-b'].forEach((name) => hear(name, [role('edge', name, { publishes: second * 100 })])))
  known.take(encodeMachine({ ...machineFiguresOf('edge-b', 'first', [role('edge', 'edge-b', {})], clock.nowMs), leaves: true }))
  seconds(60, (second) => hear('edge-a', [role('edge', 'edge-a', { publishes: (20 + second) * 100 })]))
  expect(stage('edge')).toMatchObject({ state: 'running', inPerSecond: 100, problem: null })
  expect(signs().problems).toEqual([])
})

it('a desk that can not read Kafka says so, and that the others are not heard, not that they stand still', () => {
  const { clock, role, hear, own, stage, signs, seconds } = begin()
  seconds(20, (second) => ['edge-a', 'edge-b', 'edge-c'].forEach((name) => hear(name, [role('edge', name, { publishes: second * 100 })])))
  clock.nowMs += 20_000
  own({ log: { readAwayMs: 20_000 } })
  const away = 'desk@desk-a can not read the log (Kafka has given nothing for 20 s)'
  const others = 'edge-a, edge-b and edge-c have not been heard of for 20 s: this desk is cut off itself'
  expect(stage('log')).toMatchObject({ state: 'down', problem: away })
  expect(stage('edge')).toMatchObject({ state: 'unknown', problem: others })
  expect(signs().problems).toEqual([away, others])
})

it('what this machine told itself is not counted a second time', () => {
  const { clock, figures, role, hear, stage } = begin()
  for (let second = 1; second <= 20; second++) {
    clock.nowMs += 1_000
    const roles = [role('edge', 'desk-a', { publishes: second * 100, signedIn: 7 }), role('desk', 'desk-a', {})]
    if (second % 5 === 0) hear('desk-a', roles)
    figures.told(roles)
  }
  expect(stage('edge')).toMatchObject({ inPerSecond: 100 })
  expect(figures.read().signs.connections).toBe(7)
})

it('of several desks the one that leads is counted', () => {
  const { role, hear, stage, seconds } = begin()
  seconds(20, (second) => {
    const triage = { folded: second * 3, sequence: second * 4, waiting: 2 }
    hear('desk-b', [role('desk', 'desk-b', { triage, leadership: { leads: 1 } })])
    hear('desk-c', [role('desk', 'desk-c', { triage: { ...triage, folded: 0 }, leadership: { leads: 0 } })])
  })
  expect(stage('triage')).toMatchObject({ state: 'running', inPerSecond: 3, outPerSecond: 4, queue: 2 })
})

it('a role elsewhere that does not run, is silent or can not write the log is that here too', () => {
  const { clock, role, hear, own, stage } = begin()
  hear('edge-a', [role('edge', 'edge-a', { logUnavailable: 'stalled', log: { brokerAwayMs: 9_000 } })])
  hear('detect-a', [role('detect', 'detect-a', {}, { state: 'restarting', restarts: 4 })])
  hear('sink-a', [role('sink', 'sink-a', {}, { statsAtMs: clock.nowMs - 7_000 })])
  own()
  expect(stage('log')).toMatchObject({ state: 'down', problem: 'The log takes no records: nothing is acknowledged' })
  expect(stage('edge').problem).toBe('edge@edge-a can not write the log (Kafka has taken nothing for 9 s): no message is acknowledged')
  expect(stage('detect')).toMatchObject({ state: 'down', restarts: 4, problem: 'detect@detect-a is restarting' })
  expect(stage('landing')).toMatchObject({ state: 'unknown', problem: 'sink@sink-a has said nothing for 7 s' })
})

it('a topic that can not be read is the problem of every stage elsewhere', () => {
  const { refused, own, stage, signs } = begin()
  refused.problem = 'Nothing is known of the other machines: Kafka refuses'
  own()
  expect(stage('edge')).toMatchObject({ state: 'unknown', problem: refused.problem })
  expect(signs().problems).toEqual([refused.problem])
})

const sound: MachineFigures = machineFiguresOf('edge-a', 'first', [], 0)
const aRole = {
  name: 'edge@edge-a',
  kind: 'edge',
  state: 'running',
  restarts: 0,
  atMs: 1,
  figures: {},
  latencies: {},
  reasons: {},
}
it.each<[string, unknown]>([
  ['no JSON', 'text'],
  ['something else', { ...sound, machine: 7 }],
  ['a name without end', { ...sound, machine: 'x'.repeat(401) }],
  ['a kind that there is not', { ...sound, roles: [{ ...aRole, kind: 'admin' }] }],
  ['a count below zero', { ...sound, roles: [{ ...aRole, figures: { publishes: -1 } }] }],
  ['a count beyond all counts', { ...sound, roles: [{ ...aRole, figures: { publishes: 1e300 } }] }],
  ['a figure that is none', { ...sound, roles: [{ ...aRole, figures: { publishes: 'many' } }] }],
  ['another shape of histogram', { ...sound, roles: [{ ...aRole, latencies: { ackLatency: { counts: [1], sum: 1, count: 1 } } }] }],
  ['more roles than a machine has', { ...sound, roles: Array.from({ length: 257 }, () => aRole) }],
  ['a long story', { ...sound, problems: ['x'.repeat(301)] }],
  ['many stories', { ...sound, problems: Array.from({ length: 17 }, () => 'x') }],
  ['too much', { ...sound, more: 'x'.repeat(300_000) }],
])('%s is passed over and counted', (_, value) => {
  const { known, own, figures } = begin()
  known.take(Buffer.from(value === 'text' ? '{"machine":' : JSON.stringify(value)))
  own()
  expect(known.stats()).toEqual({ known: 0, silent: 0, shared: 0, unreadable: 1 })
  expect(figures.read().signs.problems).toEqual([])
})

it('a newer machine may tell more, and no machine tells more than is asked', () => {
  const { known, role, clock } = begin()
  known.take(Buffer.from(JSON.stringify({ ...sound, later: 1, roles: [{ ...aRole, figures: { later: 'x', publishes: 3 } }] })))
  expect(known.list()[0]!.figures.roles[0]!.figures).toEqual({ publishes: 3 })
  const told = machineFiguresOf(
    'edge-a',
    'first',
    [role('edge', 'edge-a', { publishes: 3, secret: 'hunter2', refusalsByReason: { 'pump-0001': 1 }, problem: 'a\nb' })],
    clock.nowMs,
  )
  expect(told.roles[0]).toMatchObject({ figures: { publishes: 3 }, reasons: { problem: 'a' } })
  expect(JSON.stringify(told)).not.toMatch(/hunter2|pump-0001|8883/)
})

it('holds no more machines than a deployment has', () => {
  const { known } = begin()
  for (let i = 0; i < 600; i++) known.take(encodeMachine({ ...sound, machine: `m-${i}` }))
  expect(known.list()).toHaveLength(500)
  expect(known.list().some(({ figures }) => figures.machine === 'm-599')).toBe(true)
})

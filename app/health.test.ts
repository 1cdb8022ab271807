import { describe, expect, it } from 'vitest'
import { leading, liveness, readiness } from './health.ts'
import type { RoleStatus } from './supervisor.ts'

const role = (over: Partial<RoleStatus>): RoleStatus => ({
  name: 'edge-0',
  kind: 'edge',
  state: 'running',
  pid: 7,
  restarts: 0,
  info: {},
  stats: {},
  statsAtMs: 10_000,
  ...over,
})

describe('the truth about the platform', () => {
  const cases: Record<string, [RoleStatus, string | null, string | null]> = {
    'a running role is alive and ready': [role({}), null, null],
    'one that restarts is neither': [role({ state: 'restarting' }), 'edge-0 is restarting', 'edge-0 is restarting'],
    'one that restarts says why, where it could': [
      role({ state: 'restarting', problem: 'the store has had 0031_landing_deadline.sql, which this version does not know' }),
      'edge-0 is restarting: the store has had 0031_landing_deadline.sql, which this version does not know',
      'edge-0 is restarting: the store has had 0031_landing_deadline.sql, which this version does not know',
    ],
    'one that has been silent for 6 s is neither': [
      role({ statsAtMs: 4_000 }),
      'edge-0 has said nothing for 6 s',
      'edge-0 has said nothing for 6 s',
    ],
    'one that has just started is alive, not ready': [role({ stats: null, statsAtMs: null }), null, 'edge-0 has not reported yet'],
    'an edge without its log is alive, not ready': [
      role({ stats: { logUnavailable: 'disk-full' } }),
      null,
      'edge-0 can not write the log (disk-full): no message is acknowledged',
    ],
    'an edge whose Kafka is away says that it is Kafka': [
      role({ stats: { logUnavailable: 'stalled', log: { brokerAwayMs: 40_200 } } }),
      null,
      'edge-0 can not write the log (Kafka has taken nothing for 40 s): no message is acknowledged',
    ],
    'a detect node that can not read Kafka is alive, not ready': [
      role({ name: 'detect@b', kind: 'detect', stats: { log: { brokerAwayMs: 0, readAwayMs: 12_400 } } }),
      null,
      'detect@b can not read the log (Kafka has given nothing for 12 s)',
    ],
    'a detect node whose findings Kafka does not take is alive, not ready': [
      role({ name: 'detect@b', kind: 'detect', stats: { log: { brokerAwayMs: 7_400, readAwayMs: 0 } } }),
      null,
      'detect@b can not write the log (Kafka has taken nothing for 7 s)',
    ],
    'what its brokers say stands there too, as far as one line goes': [
      role({
        name: 'sink@c',
        kind: 'sink',
        stats: { log: { readAwayMs: 12_400 }, logTrouble: `connect ECONNREFUSED 10.0.0.9:9092${' '.repeat(300)}\nand a stack` },
      }),
      null,
      `sink@c can not read the log (Kafka has given nothing for 12 s: connect ECONNREFUSED 10.0.0.9:9092${' '.repeat(200 - 34)})`,
    ],
    'an edge says why Kafka takes nothing': [
      role({ stats: { logUnavailable: 'stalled', log: { brokerAwayMs: 40_200 }, logTrouble: 'certificate has expired' } }),
      null,
      'edge-0 can not write the log (Kafka has taken nothing for 40 s: certificate has expired): no message is acknowledged',
    ],
    'a partition whose leader changes is no news': [role({ kind: 'desk', stats: { log: { readAwayMs: 4_900 } } }), null, null],
    'an edge whose certificate has ended is alive, not ready': [
      role({ stats: { certificateEnded: "the edge's certificate ended 2026-11-29T00:00:00.000Z" } }),
      null,
      "edge-0 can not be spoken to: the edge's certificate ended 2026-11-29T00:00:00.000Z",
    ],
    'an edge that does not hear who is revoked is alive, not ready': [
      role({
        stats: { registryUnheard: 'Topic authorization failed', unheard: 'it hears nothing of registry.v1: Topic authorization failed' },
      }),
      null,
      'edge-0 does not hear who is enrolled and revoked (Topic authorization failed)',
    ],
    'an edge that hears of no commands is ready: its devices can be served': [
      role({ stats: { registryUnheard: null, unheard: 'it hears nothing of commands.v1: Topic authorization failed' } }),
      null,
      null,
    ],
    'an edge that still takes what devices say is ready': [role({ stats: { log: { readAwayMs: 60_000 } } }), null, null],
    'a sink far behind is alive, not ready': [
      role({ name: 'hub', kind: 'hub', stats: { lagByPartition: { a: 600_000, b: 600_000 } } }),
      null,
      'hub is 1200000 records behind',
    ],
  }
  for (const [name, [status, alive, ready]] of Object.entries(cases))
    it(name, () => {
      expect(liveness([status], 10_000)).toEqual({ ok: alive === null, problems: alive === null ? [] : [alive] })
      expect(readiness([status], 10_000)).toEqual({ ok: ready === null, problems: ready === null ? [] : [ready] })
    })
})

describe('whether the desk of a machine leads', () => {
  const desk = (leads: number, unheardMs = 0): RoleStatus =>
    role({ name: 'desk@b', kind: 'desk', stats: { leadership: { leads, unheardMs } } })
  const cases: Record<string, [readonly RoleStatus[], readonly string[]]> = {
    'one that leads': [[role({}), desk(1)], []],
    'one that follows': [[desk(0)], ['desk@b does not lead: it only reads']],
    'one that led, and is cut off from Kafka': [
      [desk(0, 31_000)],
      ['desk@b has not heard from Kafka for 31 s: what it shows may be old, and another desk may lead'],
    ],
    'one that has not reported yet': [
      [role({ name: 'hub', kind: 'hub', stats: null, statsAtMs: null })],
      ['hub does not lead: it only reads'],
    ],
    'a machine without one': [[role({})], ['no desk runs here']],
  }
  for (const [name, [roles, problems]] of Object.entries(cases))
    it(name, () => expect(leading(roles, 10_000)).toEqual({ ok: problems.length === 0, problems }))
})

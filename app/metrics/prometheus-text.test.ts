import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createAuthority } from '../../registry/authority.ts'
import type { RoleStatus } from '../role-status.ts'
import { machineSamples } from './machine-samples.ts'
import { prometheusText } from './prometheus-text.ts'
import { roleMetrics } from './role-metrics.ts'
import { roleSamples } from './role-samples.ts'

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
const linesOf = (over: Partial<RoleStatus>): string[] => prometheusText(roleSamples(role(over), 12_500)).split('\n')

describe('an edge', () => {
  const lines = linesOf({
    restarts: 2,
    stats: {
      publishes: 5,
      logUnavailable: 'disk-full',
      refusalsByReason: { revoked: 3, 'no"quote': 1 },
      ackLatency: { counts: [1, 2, ...Array<number>(19).fill(0)], sum: 2.5, count: 3 },
      commands: { waiting: 4, delivered: 1 },
      commandsDelivered: 1,
      log: {
        'findings.v1.commits': 6,
        'findings.v1.commitMsP99': 20,
        commits: 6,
        brokerAwayMs: 1_500,
        readAwayMs: 2_500,
        unopened: 3,
        clockAheadMs: 7_000,
        clockBehindMs: 0,
      },
      somethingNew: { deep: 9 },
    },
  })
  const at = 'role="edge",process="edge-0"'
  it.each([
    `wardwatch_role_up{${at}} 1`,
    `wardwatch_role_restarts_total{${at}} 2`,
    `wardwatch_role_stats_age_seconds{${at}} 2.5`,
    `wardwatch_log_clock_ahead_seconds{${at}} 7`,
    `wardwatch_log_clock_behind_seconds{${at}} 0`,
    '# HELP wardwatch_edge_messages_received_total Messages that devices published.',
    '# TYPE wardwatch_edge_messages_received_total counter',
    `wardwatch_edge_messages_received_total{${at}} 5`,
    `wardwatch_edge_refusals_total{${at},reason="revoked"} 3`,
    `wardwatch_edge_refusals_total{${at},reason="no\\"quote"} 1`,
    '# TYPE wardwatch_edge_ack_latency_seconds histogram',
    `wardwatch_edge_ack_latency_seconds_bucket{${at},le="0.0005"} 1`,
    `wardwatch_edge_ack_latency_seconds_bucket{${at},le="0.001"} 3`,
    `wardwatch_edge_ack_latency_seconds_bucket{${at},le="0.0075"} 3`,
    `wardwatch_edge_ack_latency_seconds_bucket{${at},le="+Inf"} 3`,
    `wardwatch_edge_ack_latency_seconds_sum{${at}} 0.0025`,
    `wardwatch_edge_ack_latency_seconds_count{${at}} 3`,
    `wardwatch_edge_commands_waiting{${at}} 4`,
    `wardwatch_log_commits_total{${at},topic="findings.v1"} 6`,
    `wardwatch_log_commit_p99_seconds{${at},topic="findings.v1"} 0.02`,
    `wardwatch_log_broker_away_seconds{${at}} 1.5`,
    `wardwatch_log_read_away_seconds{${at}} 2.5`,
    `wardwatch_log_unopened_total{${at}} 3`,
    `wardwatch_edge_something_new_deep{${at}} 9`,
  ])('%s', (line) => expect(lines).toContain(line))
  it('tells nothing twice', () => {
    const names = lines.filter((line) => !line.startsWith('#')).map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })
})

it('a partition is two labels, and a text a presence', () => {
  const lines = linesOf({
    name: 'hub',
    kind: 'hub',
    stats: { problem: 'ClickHouse is away', lagByPartition: { 'findings.v1/3': 2 }, behindMs: 61_000 },
  })
  expect(lines).toContain('wardwatch_sink_lag_records{role="hub",process="hub",topic="findings.v1",partition="3"} 2')
  expect(lines).toContain('wardwatch_sink_blocked{role="hub",process="hub"} 1')
  expect(lines).toContain('wardwatch_sink_behind_seconds{role="hub",process="hub"} 61')
  expect(linesOf({ kind: 'sink', name: 'sink', stats: { problem: null } })).toContain(
    'wardwatch_sink_blocked{role="sink",process="sink"} 0',
  )
})

it('names a family once, as Prometheus wants names', () => {
  const specs = ['edge', 'detect', 'hub', 'bridge'].flatMap((kind) =>
    Object.values(roleMetrics[kind as RoleStatus['kind']]).filter((spec) => spec !== null),
  )
  for (const { name, type, help } of specs) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    expect(name, name).not.toMatch(/_(ms|count|sum|bucket)(_|$)/)
    expect(help, name).toMatch(/^[A-Z].*\.$/)
  }
  const byName = Map.groupBy(new Set(specs), ({ name }) => name)
  expect([...byName].filter(([, group]) => new Set(group.map(({ help }) => help)).size > 1).map(([name]) => name)).toEqual([])
})

it('a machine tells when its certificates end, and how much room is left', async () => {
  const data = mkdtempSync(join(tmpdir(), 'ww-machine-'))
  const { certificatePem } = await createAuthority({ siteName: 'x', clock: { now: () => Date.UTC(2026, 0, 1) } })
  const read = machineSamples(data, { devices_ca: certificatePem, kafka_ca: 'no certificate' })
  const named = (name: string) => read().filter(({ spec }) => spec.name === name)
  const [ends, ...others] = named('certificate_expiry_timestamp_seconds')
  expect(others).toEqual([])
  expect(ends!.labels).toEqual({ certificate: 'devices_ca' })
  expect(ends!.value).toBeGreaterThan(Date.UTC(2027, 0, 1) / 1_000)
  const [free] = named('disk_free_bytes')
  expect(free!.value).toBeGreaterThan(0)
  expect(free!.value).toBeLessThanOrEqual(named('disk_size_bytes')[0]!.value)
  rmSync(data, { recursive: true })
  expect(named('disk_free_bytes')).toEqual([])
  expect(named('certificate_expiry_timestamp_seconds')).toHaveLength(1)
})

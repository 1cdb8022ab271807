import { describe, expect, it } from 'vitest'
import type { Alert } from '../../contracts/alert.ts'
import { type BoardView, renderBoard } from './render.ts'

const alert = (over: Partial<Alert> = {}): Alert => ({
  id: 'AL-1',
  detector: 'silence',
  title: 'Silence',
  device: 'mon-0001',
  site: 'north',
  severity: 'high',
  score: 0.9,
  count: 3,
  firstSeen: 1_000,
  lastSeen: 61_000,
  why: 'mon-0001 has not been heard for 55 s.',
  evidence: [],
  attack: [],
  controls: [],
  state: 'new',
  owner: null,
  openedAt: 1_000,
  acknowledgedAt: null,
  acknowledgedBy: null,
  containedAt: null,
  snoozedUntil: null,
  closedAt: null,
  closedBy: null,
  verdict: null,
  reason: null,
  notes: 0,
  due: { acknowledgeBy: null, containBy: null },
  breached: { acknowledge: null, contain: null },
  previous: null,
  sequence: 1,
  version: 1,
  lastChange: { type: 'finding.folded', actor: 'wardwatch', at: 1_000 },
  ...over,
})
const view = (alerts: readonly Alert[]): BoardView => ({
  title: 'Wardwatch demo',
  uptimeMs: 65_000,
  devices: 200,
  readingsPerSecond: 93.4,
  ackP99Ms: 19.94,
  detectorLagRecords: 0,
  rowsLanded: 12_345,
  alerts,
  footer: ['Ctrl-C stops it'],
  nowMs: 66_000,
})
// oxlint-disable-next-line no-control-regex -- colours are control sequences
const visible = (line: string): string => line.replaceAll(/\u001B\[[0-9;]*m/g, '')

describe('the board', () => {
  for (const [columns, rows] of [
    [40, 10],
    [80, 24],
    [132, 30],
  ] as const)
    it(`fits ${columns} by ${rows} whatever the alerts`, () => {
      const lines = renderBoard(view(Array.from({ length: 50 }, (_, i) => alert({ id: `AL-${i}`, why: 'w'.repeat(500) }))), columns, rows)
      expect(lines.length).toBeLessThanOrEqual(rows)
      for (const line of lines) expect(visible(line).length).toBeLessThanOrEqual(columns)
    })

  it('says severity, age, device, detector, count and why', () => {
    const text = renderBoard(view([alert()]), 132, 30)
      .map(visible)
      .join('\n')
    expect(text).toMatch(/▲ +5s mon-0001 +silence +×3/)
    expect(text).toContain('mon-0001 has not been heard for 55 s.')
    expect(text).toMatch(/devices 200 +readings\/s 93 +ack p99 19\.9 ms +lag 0 +rows 12,345 +up 1m05/)
  })

  it("a device's control characters never reach the terminal", () => {
    const text = renderBoard(view([alert({ device: 'a\u001B[2Jb', why: 'x\u0007\r\ny\u202E' })]), 132, 30)
      .map(visible)
      .join('\n')
    // oxlint-disable-next-line no-control-regex -- that none is there is what is tested
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/)
  })
})

import type { Signal } from '../../contracts/api/alerts.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import { createDice } from './sample-fleet.ts'

export interface FakeHistory extends DeskHistory {
  /** As when ClickHouse does not answer. */
  away: boolean
  /** What devices have reported of their firmware. */
  readonly firmware: Map<string, string>
}

const points = 720
const seedOf = (text: string): number => Array.from(text).reduce((sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)!) | 0, 7)

const plot = (
  id: string,
  title: string,
  unit: string,
  role: Signal['role'],
  level: number,
  from: number,
  to: number,
  shiftAt: number | null,
): Signal => {
  const dice = createDice(seedOf(id))
  const bucketMs = Math.max(1_000, Math.round((to - from) / points))
  const times = Array.from({ length: points }, (_, i) => from + i * bucketMs)
  const gap = Math.floor(dice() * points)
  const values = times.map((at, i) => {
    if (i >= gap && i < gap + 20) return null
    return (
      Math.round(level * (1 + 0.05 * Math.sin(i / 30) + 0.03 * (dice() - 0.5)) * (shiftAt !== null && at >= shiftAt ? 1.6 : 1) * 100) / 100
    )
  })
  return {
    id,
    title,
    unit,
    role,
    bucketMs,
    times,
    values,
    low: values.map((value) => (value === null ? null : value * 0.98)),
    high: values.map((value) => (value === null ? null : value * 1.02)),
    band:
      role === 'primary'
        ? { low: times.map(() => level * 0.9), high: times.map(() => level * 1.1), of: 'the 6 h before, 1st to 99th percentile' }
        : null,
    learning: role === 'primary' ? null : 'Learning, 3 of 10 min',
    anomaly: shiftAt === null ? null : { from: shiftAt, to: null },
  }
}

/** ClickHouse's side in memory: plots that are made up, the same each time. */
export const createFakeHistory = (clock: Clock, caseEvents: () => readonly CaseEvent[] = () => []): FakeHistory => {
  const guard = async <T>(answer: () => T): Promise<T> => {
    await Promise.resolve()
    if (history.away) throw new Error('ClickHouse does not answer')
    return answer()
  }
  const history: FakeHistory = {
    away: false,
    firmware: new Map(),
    signals: (alert, { from, to }) =>
      guard(() => {
        const end = to ?? Math.min(clock.now(), alert.lastSeen + 3_600_000)
        const start = from ?? alert.firstSeen - 6 * 3_600_000
        return [
          plot(`${alert.device}:heartRate`, 'Heart rate', '/min', 'primary', 72, start, end, alert.firstSeen),
          plot(`${alert.device}:rate`, 'Messages', '/s', 'related', 1, start, end, null),
        ]
      }),
    sparks: (alerts) =>
      guard(() =>
        Object.fromEntries(
          alerts.map(({ id }) => {
            const dice = createDice(seedOf(id))
            const anomalyFrom = 20 + Math.floor(dice() * 10)
            return [
              id,
              {
                anomalyFrom,
                values: Array.from({ length: 32 }, (_, i) => (dice() < 0.04 ? null : Math.round((i >= anomalyFrom ? 8 : 3) + dice() * 3))),
              },
            ]
          }),
        ),
      ),
    deviceVitals: (device, from, to, vitals) =>
      guard(() =>
        (vitals ?? ['heartRate', 'spo2', 'infusionRate']).map((vital) =>
          plot(`${device}:${vital}`, vital, '/min', 'primary', 40 + (Math.abs(seedOf(vital)) % 60), from, to, null),
        ),
      ),
    deviceFacts: (device) =>
      guard(() => ({
        latest: [{ vital: 'heartRate', title: 'Heart rate', unit: '/min', value: 72, at: clock.now() - 2_000, loinc: '8867-4' }],
        batteryPercent: 88,
        readingsLastHour: 3_598,
        firmware: history.firmware.get(device) ?? null,
      })),
    connections: (device, before, limit) =>
      guard(() => {
        const from = before === null ? 0 : Number(before)
        const items = Array.from({ length: Math.min(limit, Math.max(0, 250 - from)) }, (_, i) => ({
          at: clock.now() - (from + i) * 600_000,
          event: (from + i) % 9 === 0 ? 'refused' : 'connected',
          address: '10.2.0.17',
          reason: (from + i) % 9 === 0 ? 'wrong password' : null,
          clientId: device,
          fingerprint: null,
          tlsVersion: 'TLSv1.3',
          cipher: 'TLS_AES_256_GCM_SHA384',
          topic: null,
          amount: null,
        }))
        return { items, next: from + items.length < 250 ? String(from + items.length) : null }
      }),
    timeline: (alert, below, limit) =>
      guard(() =>
        caseEvents()
          .filter((event) => 'alert' in event && event.alert === alert && (below === null || event.sequence < below))
          .slice(-limit)
          .reverse(),
      ),
    lastHeard: (device) => (device.includes(':') || device === '' ? null : { at: clock.now() - 3_000, address: '10.2.0.17' }),
    reportedFirmware: (device) => history.firmware.get(device) ?? null,
    reporting: () => 117,
    behindMs: () => null,
    close: () => Promise.resolve(),
  }
  return history
}

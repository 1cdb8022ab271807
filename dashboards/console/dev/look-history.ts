import type { Signal } from '../../../contracts/api/alerts.ts'
import type { Clock } from '../../../contracts/clock.ts'
import type { DeskHistory } from '../../../contracts/desk-history.ts'
import { createDice } from '../../testing/sample-fleet.ts'

const points = 560
const hourMs = 3_600_000
const seedOf = (text: string): number => Array.from(text).reduce((sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)!) | 0, 7)

interface Shape {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly level: number
  readonly sway: number
  /** The value from the anomaly on; null: silence. */
  readonly after: ((i: number, dice: () => number) => number) | null
}

const shapes: Readonly<Record<string, readonly [Shape, Shape]>> = {
  flood: [
    {
      id: 'rate',
      title: 'Readings',
      unit: '1/min',
      level: 61,
      sway: 6,
      after: (i, dice) => (i % 7 < 4 ? 900 + 120 * dice() : 410 + 40 * dice()),
    },
    { id: 'infusionRate', title: 'Infusion rate', unit: 'mL/h', level: 12, sway: 0.06, after: () => 12 },
  ],
  'level-shift': [
    { id: 'hr', title: 'Heart rate', unit: 'bpm', level: 72.4, sway: 3.1, after: (_, dice) => 118 + 3 * dice() },
    { id: 'rate', title: 'Readings', unit: '1/min', level: 60, sway: 1, after: () => 60 },
  ],
  'implausible-vitals': [
    { id: 'hr', title: 'Heart rate', unit: 'bpm', level: 78, sway: 4, after: (i, dice) => (i % 3 === 0 ? 82 : 360 + 60 * dice()) },
    { id: 'spo2', title: 'Oxygen saturation', unit: '%', level: 97, sway: 0.8, after: () => 97 },
  ],
  silence: [
    { id: 'rate', title: 'Readings', unit: '1/min', level: 60, sway: 1.4, after: null },
    { id: 'battery', title: 'Battery', unit: '%', level: 64, sway: 0.3, after: null },
  ],
}
const otherwise: readonly [Shape, Shape] = [
  {
    id: 'refusals',
    title: 'Refused sign-ins',
    unit: '1/min',
    level: 2.2,
    sway: 1.4,
    after: (i, dice) => 44 + 30 * Math.abs(Math.sin(i / 5)) + 10 * dice(),
  },
  { id: 'rate', title: 'Readings', unit: '1/min', level: 60, sway: 1.4, after: () => 60 },
]

const plotOf = (shape: Shape, role: Signal['role'], from: number, to: number, anomalyFrom: number | null, learning: boolean): Signal => {
  const dice = createDice(seedOf(shape.id + role))
  const bucketMs = Math.max(1_000, Math.round((to - from) / points))
  const times = Array.from({ length: points }, (_, i) => from + i * bucketMs)
  const usual = (i: number) => shape.level + shape.sway * (1.1 * Math.sin(i / 60) + 0.6 * Math.sin(i / 23))
  const gapAt = 190 + Math.floor(dice() * 60)
  const values = times.map((at, i) => {
    if (at > to) return null
    if (role === 'related' && i > gapAt && i < gapAt + 14) return null
    const quiet = usual(i) + shape.sway * (dice() - 0.5) * 1.1
    if (anomalyFrom === null || at < anomalyFrom) return Math.round(Math.max(0.4, quiet) * 100) / 100
    return shape.after === null ? null : Math.round(shape.after(i, dice) * 100) / 100
  })
  const low = times.map((_, i) => Math.max(0, usual(i) - 1.5 * shape.sway))
  const high = times.map((_, i) => usual(i) + 1.5 * shape.sway)
  return {
    id: shape.id,
    title: shape.title,
    unit: shape.unit,
    role,
    bucketMs,
    times,
    values,
    low: values,
    high: values,
    band: learning ? null : { low, high, of: 'the 6 h before, 1st to 99th percentile' },
    learning: learning ? 'Learning, 3 of 10 min' : null,
    anomaly: anomalyFrom === null ? null : { from: anomalyFrom, to: null },
  }
}

/** Plots that look like those of a hospital, the same each time. */
export const withLooks = (history: DeskHistory, clock: Clock): DeskHistory => ({
  ...history,
  signals: (alert, { from, to }) => {
    const end = to ?? Math.min(clock.now(), alert.lastSeen + 5 * 60_000)
    const start = from ?? end - 1.2 * hourMs
    const [first, second] = shapes[alert.detector] ?? otherwise
    const learning = seedOf(alert.device) % 11 === 0
    return Promise.resolve([
      plotOf(first, 'primary', start, end, alert.firstSeen, learning),
      plotOf(second, 'related', start, end, alert.firstSeen, false),
    ])
  },
  sparks: (alerts) =>
    Promise.resolve(
      Object.fromEntries(
        alerts.map((alert) => {
          const dice = createDice(seedOf(alert.id))
          const [shape] = shapes[alert.detector] ?? otherwise
          const anomalyFrom = 22 + Math.floor(dice() * 5)
          const values = Array.from({ length: 32 }, (_, i) => {
            if (i < anomalyFrom) return shape.level + shape.sway * (Math.sin(i / 4) + 2 * dice())
            return shape.after === null ? null : shape.after(i, dice)
          })
          return [alert.id, { values, anomalyFrom }]
        }),
      ),
    ),
  deviceVitals: (_device, from, to) =>
    Promise.resolve(
      Object.values(shapes)
        .flatMap(([first, second], at) => (at === 0 ? [second] : at === 1 ? [first] : at === 2 ? [second] : []))
        .map((shape) => ({ ...plotOf(shape, 'primary', from, to, null, false), anomaly: null })),
    ),
  reportedFirmware: (device) => (seedOf(device) % 16 === 0 ? '6.3.0-beta2' : null),
  deviceFacts: () =>
    Promise.resolve({
      latest: [
        { vital: 'hr', title: 'Heart rate', unit: 'bpm', value: 72, at: clock.now() - 2_000, loinc: '8867-4' },
        { vital: 'spo2', title: 'Oxygen saturation', unit: '%', value: 97, at: clock.now() - 2_000, loinc: '59408-5' },
        { vital: 'infusionRate', title: 'Infusion rate', unit: 'mL/h', value: 12, at: clock.now() - 4_000, loinc: null },
        { vital: 'linePressure', title: 'Infusion line pressure', unit: 'mmHg', value: 118, at: clock.now() - 4_000, loinc: null },
      ],
      batteryPercent: 88,
      readingsLastHour: 3_598,
      firmware: null,
    }),
})

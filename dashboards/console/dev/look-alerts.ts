import type { Alert } from '../../../contracts/alert.ts'
import type { Severity } from '../../../contracts/finding.ts'
import type { DeviceRecord } from '../../../contracts/registry.ts'
import { sampleAlert } from '../../testing/sample-alert.ts'

interface Kind {
  readonly detector: string
  readonly title: string
  readonly severity: Severity
  readonly weight: number
  readonly attack: readonly string[]
  readonly tell: (device: string, dice: () => number) => Pick<Alert, 'why' | 'evidence'>
}

const whole = (from: number, to: number, dice: () => number) => Math.round(from + (to - from) * dice())

/** What the detectors really say (detectors/*.ts), with made-up numbers. */
const kinds: readonly Kind[] = [
  {
    detector: 'flood',
    title: 'Flood',
    severity: 'high',
    weight: 5,
    attack: ['T0814'],
    tell: (device, dice) => {
      const n = whole(700, 1_900, dice)
      return {
        why: `${device} sent ${n} readings and ${n * 236} bytes so far in 10 s; its own usual is 10.2 readings and 2,410 bytes, the limit 131 readings or 31,000 bytes.`,
        evidence: [
          { feature: 'readings', observed: n, expected: 10.2, unit: '' },
          { feature: 'bytes', observed: n * 236, expected: 2_410, unit: '' },
          { feature: 'window', observed: 10, expected: 10, unit: 's' },
        ],
      }
    },
  },
  {
    detector: 'credential-brute-force',
    title: 'Credential brute force',
    severity: 'critical',
    weight: 2,
    attack: ['T1110'],
    tell: (device, dice) => {
      const n = whole(90, 400, dice)
      return {
        why: `${n} sign-ins from 10.9.3.44 at ${device} were refused within 58 s (${n} at the same one); fewer than 12 in 60 s is usual.`,
        evidence: [
          { feature: 'refusals', observed: n, expected: 12, unit: '' },
          { feature: 'address', observed: '10.9.3.44', expected: 'of its ward', unit: '' },
        ],
      }
    },
  },
  {
    detector: 'cloned-identity',
    title: 'Cloned identity',
    severity: 'critical',
    weight: 2,
    attack: ['T1078', 'T0859'],
    tell: (device, dice) => {
      const n = whole(5, 12, dice)
      return {
        why: `${device} moved ${n} times within 58 s between 10.2.0.17 and 10.9.3.44, cutting off a live session ${n - 1} times; a roaming device goes on and does not come back 4 times.`,
        evidence: [
          { feature: 'moves', observed: n, expected: 1, unit: '' },
          { feature: 'takeovers', observed: n - 1, expected: 0, unit: '' },
          { feature: 'addresses', observed: 2, expected: 1, unit: '' },
        ],
      }
    },
  },
  {
    detector: 'level-shift',
    title: 'Level shift',
    severity: 'medium',
    weight: 9,
    attack: ['T0831'],
    tell: (device, dice) => {
      const n = whole(104, 131, dice)
      return {
        why: `Heart rate of ${device} stepped from its learned 72.4 bpm (varying by 3.1) to ${n + 2} between two readings, and is ${n} after 40 s.`,
        evidence: [
          { feature: 'heart rate', observed: n, expected: 72.4, unit: 'bpm' },
          { feature: 'deviations', observed: Math.round(n - 72) / 3, expected: 3, unit: '' },
        ],
      }
    },
  },
  {
    detector: 'implausible-vitals',
    title: 'Implausible vitals',
    severity: 'medium',
    weight: 8,
    attack: ['T0856'],
    tell: (device, dice) => {
      const n = whole(340, 460, dice)
      return {
        why: `Heart rate of ${device} is ${n} bpm and has been beyond what a living patient shows (15 to 300) for 12 s, in 6 readings.`,
        evidence: [{ feature: 'heart rate', observed: n, expected: 300, unit: 'bpm' }],
      }
    },
  },
  {
    detector: 'replay',
    title: 'Replay',
    severity: 'high',
    weight: 4,
    attack: ['T0856', 'T1557'],
    tell: (device, dice) => {
      const n = whole(60, 300, dice)
      return {
        why: `${n} old readings of ${device} came again within 35 s, ${n - 4} of them byte for byte and its clock 22 min behind the newest; a redelivery repeats at most the last 20 after a connect.`,
        evidence: [
          { feature: 'repeated readings', observed: n, expected: 20, unit: '' },
          { feature: 'clock behind', observed: 1_320, expected: 2, unit: 's' },
        ],
      }
    },
  },
  {
    detector: 'silence',
    title: 'Silence',
    severity: 'medium',
    weight: 8,
    attack: ['T0814'],
    tell: (device, dice) => {
      const n = whole(95, 700, dice)
      return {
        why: `${device} has not been heard for ${n} s though it reports each 1 s; 0 of the other 59 devices of its site are silent too.`,
        evidence: [{ feature: 'silence', observed: n, expected: 1, unit: 's' }],
      }
    },
  },
  {
    detector: 'topic-abuse',
    title: 'Topic abuse',
    severity: 'low',
    weight: 5,
    attack: ['T0855'],
    tell: (device, dice) => {
      const n = whole(3, 14, dice)
      return {
        why: `${device} was denied ${n} topics within 60 s, weighing ${n * 2} where under 6 is a slip; the last was a publish for another device, "v1/north/pump-0004/telemetry".`,
        evidence: [{ feature: 'weight', observed: n * 2, expected: 6, unit: '' }],
      }
    },
  },
]

const dueMinutes = { critical: [15, 60], high: [60, 240], medium: [480, 2_880], low: [2_880, null] } as const
const minuteMs = 60_000

/** An alert as a detector might raise it, on one of these devices. */
export const lookAlert = (devices: readonly DeviceRecord[], dice: () => number, n: number, openedAt: number): Alert => {
  const device = devices[Math.floor(dice() * devices.length)]!
  let drawn = dice() * kinds.reduce((sum, { weight }) => sum + weight, 0)
  const kind = kinds.find(({ weight }) => (drawn -= weight) < 0) ?? kinds[0]!
  const { why, evidence } = kind.tell(device.device, dice)
  const [acknowledge, contain] = dueMinutes[kind.severity]
  return sampleAlert({
    id: `AL-${48_000 + n}`,
    openedAt,
    detector: kind.detector,
    title: kind.title,
    severity: kind.severity,
    device: device.device,
    site: device.site,
    why,
    evidence,
    attack: [...kind.attack],
    controls: ['A.8.16'],
    score: Math.round((0.58 + dice() * 0.4) * 100) / 100,
    count: dice() < 0.45 ? 2 + Math.floor(dice() ** 3 * 40) : 1,
    firstSeen: openedAt - 8_000,
    lastSeen: openedAt,
    due: { acknowledgeBy: openedAt + acknowledge * minuteMs, containBy: contain === null ? null : openedAt + contain * minuteMs },
  })
}

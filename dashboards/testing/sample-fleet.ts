import type { Alert } from '../../contracts/alert.ts'
import { compareSeverity, severities } from '../../contracts/finding.ts'
import type { DeviceRecord } from '../../contracts/registry.ts'
import { sampleAlert } from './sample-alert.ts'

/** Numbers that look random and are the same each time (mulberry32). */
export const createDice = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const models = ['Infusomat Space', 'IntelliVue MX450', 'Evita V600', 'Alaris GH', 'Accu-Chek Inform'] as const
const wards = ['ICU-1', 'ICU-2', 'NICU', 'ER', 'Surgery-3', ''] as const
const sites = ['north', 'south'] as const

export const sampleDevices = (count: number, nowMs: number): DeviceRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    device: `${['pump', 'monitor', 'vent', 'pump', 'glucose'][i % 5]!}-${String(i + 1).padStart(4, '0')}`,
    site: sites[i % 2]!,
    ward: wards[i % wards.length]!,
    model: models[i % 5]!,
    firmware: i % 7 === 0 ? null : `6.${i % 3}.${i % 10}`,
    status: i % 41 === 40 ? 'revoked' : 'enrolled',
    fingerprints: [i.toString(16).padStart(64, 'a')],
    passwordHash: null,
    enrolledAt: nowMs - 30 * 86_400_000,
    revokedAt: i % 41 === 40 ? nowMs - 86_400_000 : null,
    revokedReason: i % 41 === 40 ? 'sold' : null,
  }))

const kinds = [
  [
    'credential-brute-force',
    'Passwords guessed',
    'critical',
    '214 wrong passwords in 60 s for this device, 3 are usual in a day',
    'passwords',
    214,
    3,
    '/min',
  ],
  [
    'cloned-identity',
    'One identity in two places',
    'critical',
    'two connections at once, from 10.2.0.17 and 10.9.3.4',
    'addresses',
    2,
    1,
    '',
  ],
  ['flood', 'Far more than usual', 'high', '1,840 messages/s against a baseline of 1.0/s', 'messages', 1_840, 1, '/s'],
  ['level-shift', 'Heart rate shifted', 'high', 'heartRate went from 72.1 to 118.4 /min within 40 s', 'heartRate', 118.4, 72.1, '/min'],
  ['implausible-vitals', 'Values no patient has', 'medium', 'spo2 of 131 %, at most 100 is possible', 'spo2', 131, 100, '%'],
  ['silence', 'Not heard', 'medium', 'nothing for 312 s; every 10 s is usual', 'silence', 312, 10, 's'],
  ['topic-abuse', 'Publishes that are not its own', 'low', '12 publishes to v1/north/pump-0004/telemetry', 'publishes', 12, 0, ''],
] as const

/** One alert as a detector might raise it. */
export const sampleAlertOf = (devices: readonly DeviceRecord[], dice: () => number, n: number, openedAt: number): Alert => {
  const device = devices[Math.floor(dice() * devices.length)]!
  const [detector, title, worst, why, feature, observed, expected, unit] = kinds[Math.floor(dice() * kinds.length)]!
  const severity = severities[Math.max(0, severities.indexOf(worst) - (dice() < 0.2 ? 1 : 0))]!
  const minutes = { critical: 15, high: 60, medium: 480, low: 1_440 }[severity]
  return sampleAlert({
    id: `a${String(n).padStart(6, '0')}`,
    openedAt,
    detector,
    title,
    why,
    severity,
    device: device.device,
    site: device.site,
    score: Math.round((0.5 + dice() * 0.5) * 1_000) / 1_000,
    count: 1 + Math.floor(dice() ** 4 * 200),
    firstSeen: openedAt,
    lastSeen: openedAt,
    evidence: [{ feature, observed, expected, unit }],
    due: {
      acknowledgeBy: openedAt + minutes * 60_000,
      containBy: compareSeverity(severity, 'low') > 0 ? openedAt + minutes * 240_000 : null,
    },
  })
}

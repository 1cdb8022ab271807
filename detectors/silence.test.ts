import { expect } from 'vitest'
import { describeDetector } from '../stream/host/harness.ts'
import derivation from './derivations/presence.ts'
import detector from './silence.ts'
import { presence, readings, second, times } from './stories/observations.ts'

const ward = (count: number, expectedIntervalMs = 1_000, name = 'monitor') =>
  times(count, (i) => presence('present', `${name}-${i}`, second(i * 0.1), { expectedIntervalMs }))
const absent = (device: string, at: number, given: object = {}) =>
  presence('absent', device, second(at), { since: second(at - 55), ...given })
const keyed = { key: (observation: { kind: string; site: string | null }) => `site:${observation.site}` }

describeDetector(
  detector,
  {
    'one silent device of ten is found by name': {
      given: [...ward(10), absent('monitor-3', 100)],
      until: second(120),
      finds: 1,
      why: /^monitor-3 has not been heard for 55 s though it reports each 1 s; 0 of the other 9 devices/,
      check: ([finding]) => expect(finding).toMatchObject({ device: 'monitor-3', site: 'north', severity: 'medium' }),
    },
    'a device that is back within the hold is none': {
      given: [...ward(10), absent('monitor-3', 100), presence('present', 'monitor-3', second(103))],
      until: second(200),
      finds: 0,
    },
    'an absence told twice after a crash is one': {
      given: [...ward(10), absent('monitor-3', 100), absent('monitor-3', 100), absent('monitor-3', 112)],
      until: second(200),
      finds: 1,
    },
    'a second absence is a second finding': {
      given: [...ward(10), absent('monitor-3', 100), presence('present', 'monitor-3', second(200)), absent('monitor-3', 300)],
      until: second(400),
      finds: 2,
    },
    'a whole site is one finding': {
      given: [...ward(20), ...times(20, (i) => absent(`monitor-${i}`, 100 + i * 0.2))],
      until: second(300),
      finds: 1,
      why: /^20 of 20 devices at north fell silent \(100 %/,
      check: ([finding]) => expect(finding).toMatchObject({ device: 'site:north', site: 'north', severity: 'high' }),
    },
    'slower devices that follow their quiet site are part of it': {
      given: [
        ...ward(6),
        ...ward(6, 5_000, 'wearable'),
        ...times(6, (i) => absent(`monitor-${i}`, 100)),
        ...times(6, (i) => absent(`wearable-${i}`, 300, { expectedIntervalMs: 5_000 })),
      ],
      until: second(500),
      finds: 1,
    },
    'two silent devices of three are a site too small to judge by': {
      given: [...ward(3), absent('monitor-0', 100), absent('monitor-1', 100)],
      until: second(200),
      finds: 2,
    },
    'a third of the devices are told one by one': {
      given: [...ward(9), ...times(3, (i) => absent(`monitor-${i}`, 100))],
      until: second(200),
      finds: 3,
    },
    'a ward of ten in a site of two hundred is one finding': {
      given: [...ward(200), ...times(12, (i) => absent(`monitor-${i}`, 100 + i * 0.1))],
      until: second(200),
      finds: 1,
      why: /^12 devices together, now 12 of 200/,
    },
    'who stays silent after the site is back is told': {
      given: [
        ...ward(10),
        ...times(10, (i) => absent(`monitor-${i}`, 100)),
        ...times(9, (i) => presence('present', `monitor-${i}`, second(200 + i))),
      ],
      until: second(700),
      finds: 2,
      check: (findings) => expect(findings[1]).toMatchObject({ device: 'monitor-9' }),
    },
    'a device that signed off is forgotten': {
      given: [...ward(10), absent('monitor-3', 100, { expectedIntervalMs: 0 }), absent('monitor-3', 200)],
      until: second(300),
      finds: 0,
    },
    'a device called like a property of objects is a device': {
      given: [...ward(4), absent('constructor', 50), presence('present', 'constructor', second(60)), absent('constructor', 100)],
      until: second(200),
      finds: 1,
    },
  },
  keyed,
)

const fleet = (count: number, seconds: number) =>
  times(count, (n) => readings({ count: seconds, fromMs: second(n / count) }, () => ({ device: `monitor-${n}` })))

describeDetector(
  detector,
  {
    'with presence before it: one monitor of eight falls silent': {
      given: fleet(8, 200).filter((r) => r.device !== 'monitor-5' || r.receivedAt < second(60)),
      until: second(200),
      finds: 1,
      why: /^monitor-5 has not been heard for 55 s though it reports each 1 s/,
    },
    'with presence before it: the site is cut off': { given: fleet(8, 60), until: second(300), finds: 1, why: /^8 of 8 devices at north/ },
    'with presence before it: the edge is away, and everybody comes back': {
      given: [...fleet(8, 60), ...fleet(8, 60).map((r) => ({ ...r, receivedAt: r.receivedAt + 400_000 }))],
      edgeAway: [{ fromMs: second(60), untilMs: second(395) }],
      until: second(460),
      finds: 0,
    },
  },
  { derivations: [derivation] },
)

import { afterAll, beforeAll, expect, it } from 'vitest'
import { signal } from '../../contracts/api/alerts.ts'
import type { Alert } from '../../contracts/alert.ts'
import { rollUp } from '../landing/roll-up.ts'
import type { Store } from '../open.ts'
import { alertOf, createDeskWriter, openDesk, vitalEvidence } from '../testing/desk-story.ts'
import { noon } from '../testing/story-log.ts'
import { openedStore, temporaryDirectory } from '../testing/temporary-store.ts'

const minute = 60_000
const hour = 60 * minute
const hostile = ["pump'1", 'pump"\\', "x' OR 1=1 --", '{device:String}', '\u{1F600}\n\t\u0000', '\\N', '\ud800']

const home = temporaryDirectory()
let store: Store
let write: ReturnType<typeof createDeskWriter>
beforeAll(async () => {
  store = await openedStore(home.path)
  write = createDeskWriter(store)
})
afterAll(async () => {
  await store.close()
  home.remove()
})

const signalsAt = async (alert: Alert, range = { from: null as number | null, to: null as number | null }, now = noon + 20 * minute) => {
  const desk = await openDesk(store, { now: () => now })
  try {
    const found = await desk.signals(alert, range)
    for (const each of found) {
      expect(signal.parse(each)).toEqual(each)
      const { length } = each.times
      expect([each.values.length, each.low.length, each.high.length, each.band?.low.length ?? length]).toEqual([
        length,
        length,
        length,
        length,
      ])
      expect(length).toBeLessThanOrEqual(601)
    }
    return found
  } finally {
    await desk.close()
  }
}

it('an empty store answers everything with nothing', async () => {
  const desk = await openDesk(store)
  const [primary] = await desk.signals(alertOf({ evidence: vitalEvidence('hr') }), { from: null, to: null })
  expect(primary).toMatchObject({ id: 'hr', title: 'Heart rate', unit: 'bpm', band: null, learning: 'Learning, 0 of 10 min' })
  expect(primary!.values.every((value) => value === null)).toBe(true)
  const detectors = [
    'flood',
    'silence',
    'replay',
    'credential-brute-force',
    'identity-spraying',
    'rogue-device',
    'topic-abuse',
    'cloned-identity',
    'new-one',
  ]
  for (const detector of detectors)
    for (const device of ['pump-1', 'address:10.0.0.1', 'site:north', ...hostile]) {
      const found = await desk.signals(alertOf({ detector, device }), { from: null, to: null })
      expect(found.flatMap(({ values }) => values).every((value) => value === null)).toBe(true)
    }
  expect(await desk.signals(alertOf({ detector: 'paging-channel', device: 'channel:mail' }), { from: null, to: null })).toEqual([])
  expect(await desk.sparks([])).toEqual({})
  expect(await desk.deviceVitals('pump-1', noon - hour, noon, null)).toEqual([])
  expect(await desk.deviceFacts('pump-1')).toEqual({ latest: [], batteryPercent: null, firmware: null, readingsLastHour: null })
  expect(await desk.connections('pump-1', null, 10)).toEqual({ items: [], next: null })
  expect(await desk.timeline('AL-1', null, 10)).toEqual([])
  expect([desk.lastHeard('pump-1'), desk.reporting(0), desk.behindMs()]).toEqual([null, 0, null])
  await desk.close()
})

it('any stretch of time that can be asked for is answered: the beginning of time, the far future, parts of a millisecond', async () => {
  const desk = await openDesk(store)
  const times = [-9e15, 0, 0.5, 59_999.25, noon - 0.75, 9e15]
  for (const from of times)
    for (const to of [1, 1.5].map((length) => from + length)) {
      for (const { values } of await desk.deviceVitals('pump-1', from, to, ['hr', "x' OR 1=1 --"]))
        expect(values.every((value) => value === null)).toBe(true)
      expect(await desk.deviceVitals('pump-1', from, to, null)).toEqual([])
      for (const detector of ['implausible-vitals', 'flood'])
        for (const range of [
          { from, to },
          { from, to: null },
          { from: null, to },
        ])
          await desk.signals(alertOf({ detector }), range)
    }
  await desk.close()
})

/** Readings at an interval with values that go round in a cycle. */
const series = (
  device: string,
  from: number,
  to: number,
  stepMs: number,
  vitals: (i: number) => Record<string, number>,
  over: object = {},
) =>
  Array.from({ length: Math.floor((to - from) / stepMs) }, (_, i) => ({
    device,
    receivedAt: from + i * stepMs,
    vitals: vitals(i),
    ...over,
  }))

it('a vital: the values, the gap while it said nothing, its band from before, and its companion', async () => {
  const shape = (i: number) => ({ hr: 70 + (i % 5), pulse: 71 + (i % 5), resp: 14 })
  await write.readings(series('mon-1', noon - 2 * hour, noon - 20 * minute, 5_000, shape))
  await write.readings(series('mon-1', noon - 10 * minute, noon, 5_000, shape))
  await write.readings(series('mon-1', noon, noon + 5 * minute, 5_000, (i) => ({ hr: 180, pulse: 71 + (i % 5), resp: 14 })))
  const alert = alertOf({ device: 'mon-1', evidence: vitalEvidence('hr against pulse'), lastSeen: noon + 4 * minute })
  const check = async (): Promise<void> => {
    const [primary, related, ...rest] = await signalsAt(alert)
    expect(rest).toEqual([])
    expect([primary!.id, related!.id, primary!.bucketMs]).toEqual(['hr', 'pulse', 10_000])
    const at = (ms: number) => primary!.times.indexOf(ms)
    expect(primary!.times[0]).toBe(noon - hour)
    expect([primary!.values[at(noon - 40 * minute)], primary!.low[at(noon - 40 * minute)], primary!.high[at(noon - 40 * minute)]]).toEqual([
      expect.closeTo(72, -1), expect.any(Number), expect.any(Number),
    ]) // prettier-ignore
    expect(primary!.values.slice(at(noon - 20 * minute), at(noon - 10 * minute)).every((value) => value === null)).toBe(true)
    expect([primary!.values[at(noon)], primary!.values[at(noon + 6 * minute)]]).toEqual([180, null])
    expect(primary!.band).toMatchObject({ of: '118 min baseline, p1\u2013p99' })
    expect([primary!.band!.low[0], primary!.band!.high[0], related!.band!.high[0]]).toEqual([70, 74, 75])
    expect(primary!.anomaly).toEqual({ from: noon, to: noon + 4 * minute })
  }
  await check()
  await rollUp(store.query)
  await check()
})

it('what a detector saw of the anomaly before it spoke is not what is usual: the band stays where it was', async () => {
  await write.readings(series('shifted', noon - hour, noon - minute, 5_000, () => ({ hr: 77 }), { site: 'elsewhere' }))
  await write.readings(series('shifted', noon - minute, noon + 5 * minute, 5_000, () => ({ hr: 120 }), { site: 'elsewhere' }))
  await rollUp(store.query)
  const [primary] = await signalsAt(alertOf({ device: 'shifted', evidence: vitalEvidence('hr') }))
  expect([primary!.band!.low[0], primary!.band!.high[0]]).toEqual([77, 77])
})

it('goes on while it is open and its last finding is fresh', async () => {
  const alert = alertOf({ device: 'mon-1', evidence: vitalEvidence('change of hr'), lastSeen: noon + 4 * minute })
  const [open] = await signalsAt(alert, { from: null, to: null }, noon + 5 * minute)
  expect([open!.id, open!.anomaly]).toEqual(['hr', { from: noon, to: null }])
  const [closed] = await signalsAt({ ...alert, state: 'closed' }, { from: null, to: null }, noon + 5 * minute)
  expect(closed!.anomaly).toEqual({ from: noon, to: noon + 4 * minute })
  expect(open!.times.at(-1)! + open!.bucketMs).toBe(noon + 5 * minute)
})

it('is still learning before ten minutes of data, and says how far it is', async () => {
  await write.readings(series('young', noon - 5 * minute, noon, 5_000, () => ({ hr: 70 })))
  await rollUp(store.query)
  const [primary] = await signalsAt(alertOf({ device: 'young', evidence: vitalEvidence('usual deviation of hr') }))
  expect([primary!.band, primary!.learning]).toEqual([null, 'Learning, 3 of 10 min'])
})

it('after three days the band follows the hour of the day', async () => {
  for (let day = 6; day >= 1; day--)
    await write.readings(
      Array.from({ length: 24 * 60 }, (_, i) => {
        const at = noon - day * 24 * hour + i * minute
        const isNight = new Date(at).getUTCHours() < 6
        return { device: 'sleeper', receivedAt: at, vitals: { hr: isNight ? 50 : 80 } }
      }),
    )
  const alert = alertOf({ device: 'sleeper', evidence: vitalEvidence('hr') })
  const check = async (): Promise<void> => {
    const [primary] = await signalsAt(alert, { from: noon - 24 * hour, to: noon })
    expect(primary!.band!.of).toBe('6-day baseline, p1\u2013p99 by hour')
    const at = (ms: number) => primary!.times.indexOf(ms)
    const midnight = Math.floor(noon / (24 * hour)) * 24 * hour
    expect([primary!.band!.low[at(midnight + 3 * hour)], primary!.band!.high[at(midnight + 3 * hour)]]).toEqual([50, 50])
    expect([primary!.band!.low[at(noon - 2 * hour)], primary!.band!.high[at(noon - 2 * hour)]]).toEqual([80, 80])
    expect(primary!.values.every((value) => value !== null)).toBe(true)
  }
  await rollUp(store.query)
  await check()
})

it('a device that reports once a minute is no row of dots', async () => {
  const [primary] = await signalsAt(alertOf({ device: 'sleeper', evidence: vitalEvidence('hr') }), { from: noon - hour, to: noon - 1 })
  expect(primary!.bucketMs).toBe(120_000)
  expect(primary!.values.every((value) => value !== null)).toBe(true)
})

it('a flood: readings and bytes, zero where the pipeline lived, a gap where nothing lived', async () => {
  await write.readings(series('flooder', noon - 50 * minute, noon - 30 * minute, 5_000, () => ({ hr: 70 })))
  await write.readings(series('flooder', noon - 25 * minute, noon, 5_000, () => ({ hr: 70 })))
  await write.readings(series('flooder', noon, noon + minute, 100, () => ({ hr: 70 })))
  const [readings, bytes] = await signalsAt(alertOf({ device: 'flooder', detector: 'flood' }), { from: null, to: null }, noon + 24 * hour)
  expect([readings!.id, bytes!.id]).toEqual(['readings', 'bytes'])
  const at = (ms: number) => readings!.times.indexOf(ms)
  const perBucket = readings!.bucketMs / 5_000
  expect(readings!.unit).toBe('per 30 s')
  expect([readings!.values[at(noon - 40 * minute)], readings!.values[at(noon)], bytes!.values[at(noon)]]).toEqual([perBucket, 300, 30_000])
  // Others were heard in these minutes: it is a zero. Long after, nothing was.
  expect(readings!.values[at(noon - 28 * minute)]).toBe(0)
  expect(readings!.values[at(noon + 10 * minute)]).toBeNull()
  expect(readings!.band).toMatchObject({ of: '48 min baseline, p1\u2013p99' })
  expect([readings!.band!.low[0], readings!.band!.high[0]]).toEqual([0, perBucket])
})

it('a silence begins with the last word, and a site shows how many devices are heard', async () => {
  const evidence = [{ feature: 'not heard for', observed: 600_000, expected: 5_000, unit: 'ms' }]
  const [readings] = await signalsAt(
    alertOf({ device: 'mon-1', detector: 'silence', evidence, firstSeen: noon + 14 * minute, lastSeen: noon + 14 * minute }),
  )
  expect(readings).toMatchObject({ id: 'readings', anomaly: { from: noon + 4 * minute } })
  const desk = await openDesk(store, { now: () => noon + 30 * minute })
  const [devices, siteReadings] = await desk.signals(alertOf({ device: 'site:north', detector: 'silence' }), { from: null, to: null })
  await desk.close()
  expect([devices!.id, devices!.values[devices!.times.indexOf(noon - 2 * minute)], siteReadings!.id]).toEqual([
    'devices-heard',
    3,
    'readings',
  ])
  expect(devices!.band).not.toBeNull()
})

it('a replay: how old it was on arrival, redelivered readings too; without a clock the counter', async () => {
  await write.readings(series('echo', noon - 30 * minute, noon, 10_000, () => ({ hr: 70 })))
  await write.readings(series('echo', noon, noon + minute, 10_000, () => ({ hr: 70 }), { deviceTime: noon - hour }))
  const alert = alertOf({ device: 'echo', detector: 'replay' })
  const [age, readings] = await signalsAt(alert)
  const at = (ms: number) => age!.times.indexOf(ms)
  expect([age!.id, readings!.id, age!.unit]).toEqual(['lag', 'readings', 's'])
  expect([age!.values[at(noon - 10 * minute)], age!.low[at(noon)]]).toEqual([0, 3_600])
  expect(age!.band!.high[0]).toBe(0)
  await write.readings(series('clockless', noon - 30 * minute, noon, 10_000, () => ({ hr: 70 }), { deviceTime: null }))
  expect((await signalsAt({ ...alert, device: 'clockless' }))[0]).toMatchObject({ id: 'sequence' })
})

const refused = (at: number, over: object = {}) => ({
  event: 'refused' as const, reason: 'bad-credentials', device: null, userName: 'root', receivedAt: at, address: '10.6.6.6', ...over,
}) // prettier-ignore

it('guessing: refused sign-ins from the address, as many as the broker told, and the identities tried', async () => {
  await write.sessions([
    refused(noon + 1_000),
    refused(noon + 2_000, { amount: 40 }),
    refused(noon + 3_000, { userName: 'admin' }),
    refused(noon, { address: '10.7.7.7' }),
  ])
  for (const detector of ['credential-brute-force', 'identity-spraying']) {
    const [attempts, identities] = await signalsAt(alertOf({ detector, device: 'address:10.6.6.6', firstSeen: noon, lastSeen: noon }))
    const at = attempts!.times.indexOf(noon)
    expect([attempts!.id, attempts!.values[at], identities!.id, identities!.values[at]]).toEqual(['refused', 42, 'identities', 2])
    expect(attempts!.values[at - 10]).toBe(0)
    expect([attempts!.band!.low[0], attempts!.band!.high[0]]).toEqual([0, 0])
  }
})

it('a rogue device: refusals as the device it claims to be, and all from where it came', async () => {
  await write.sessions([
    refused(noon, { device: 'mon-1', reason: 'revoked', address: '10.8.8.8' }),
    refused(noon, { device: 'mon-2', address: '10.8.8.8' }),
  ])
  const evidence = [{ feature: 'address', observed: '10.8.8.8', expected: 'none', unit: 'address' }]
  const [as, from] = await signalsAt(alertOf({ detector: 'rogue-device', device: 'mon-1', evidence }))
  const at = as!.times.indexOf(noon)
  expect([as!.id, as!.values[at], from!.id, from!.values[at]]).toEqual(['refused', 1, 'refused-from', 2])
})

it('topic abuse: denials; a cloned identity: connections, takeovers and addresses, or its two counters', async () => {
  await write.sessions([
    { event: 'aclDenied', device: 'mon-1', receivedAt: noon, topic: 'v1/+/#', amount: 3 },
    { event: 'aclDenied', device: 'mon-1', receivedAt: noon, topic: 'v1/other' },
    { event: 'connect', device: 'mon-1', receivedAt: noon, address: '10.0.0.1' },
    { event: 'takeover', device: 'mon-1', receivedAt: noon, address: '10.0.0.2' },
  ])
  const denied = await signalsAt(alertOf({ detector: 'topic-abuse', device: 'mon-1' }))
  const at = denied[0]!.times.indexOf(noon)
  expect(denied.map(({ id, values }) => [id, values[at]])).toEqual([['denied', 4], ['connects', 1]]) // prettier-ignore
  const moved = await signalsAt(alertOf({ detector: 'cloned-identity', device: 'mon-1' }))
  expect(moved.map(({ id, values }) => [id, values[at]])).toEqual([['connects', 2], ['addresses', 2]]) // prettier-ignore
  const evidence = [{ feature: 'returns to the other counter', observed: 6, expected: 0, unit: '1' }]
  expect((await signalsAt(alertOf({ detector: 'cloned-identity', device: 'mon-1', evidence })))[0]).toMatchObject({ id: 'sequence' })
})

it.each(hostile)('a device or a vital named %j is inert text', async (name) => {
  const stored = name.toWellFormed()
  await write.readings(series(name, noon - 20 * minute, noon, 10_000, () => ({ [name]: 5, hr: 70 })))
  await rollUp(store.query)
  await write.sessions([{ device: name, receivedAt: noon, address: name, topic: name, clientId: name, reason: name }])
  const desk = await openDesk(store, { now: () => noon + minute })
  const found = await desk.deviceVitals(name, noon - hour, noon, null)
  expect(found.map(({ id }) => id).sort()).toEqual([stored, 'hr'].sort())
  expect(found.every(({ values }) => values.some((value) => value !== null))).toBe(true)
  expect(await desk.deviceVitals(name, noon - 19 * minute, noon - 12 * minute, [name])).toMatchObject([{ id: stored }])
  expect(new Map((await desk.deviceFacts(name)).latest.map(({ vital, value }) => [vital, value]))).toEqual(new Map([[stored, 5], ['hr', 70]])) // prettier-ignore
  expect((await desk.connections(name, null, 5)).items).toMatchObject([{ address: stored, topic: stored, clientId: stored }])
  expect(desk.lastHeard(stored)).toEqual({ at: noon, address: stored })
  const alert = alertOf({ id: name, device: name, evidence: vitalEvidence('hr') })
  expect((await desk.signals(alert, { from: null, to: null }))[0]!.values.some((value) => value === 70)).toBe(true)
  expect((await desk.sparks([alert]))[name]!.values.some((value) => value === 70)).toBe(true)
  expect(await desk.timeline(name, null, 5)).toEqual([])
  await desk.close()
})

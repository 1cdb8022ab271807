import { afterAll, beforeAll, expect, it } from 'vitest'
import { createReadingBatch } from './landing/reading-batch.ts'
import { rollUp } from './landing/roll-up.ts'
import { caseRow, findingRow } from './landing/rows.ts'
import { timeText } from './landing/stored-values.ts'
import type { Store } from './open.ts'
import { createQueries, type StoreQueries } from './queries.ts'
import { openedStore, temporaryDirectory } from './testing/temporary-store.ts'
import { finding, noon } from './testing/story-log.ts'

const home = temporaryDirectory()
let store: Store
let queries: StoreQueries
beforeAll(async () => {
  store = await openedStore(home.path)
  queries = createQueries(store)
})
afterAll(async () => {
  await store.close()
  home.remove()
})

const land = async (
  landedAtMs: number,
  readings: readonly (readonly [seq: number, atMs: number, vitals: Record<string, number>])[],
): Promise<void> => {
  const batch = createReadingBatch()
  batch.landedAtMs = landedAtMs
  for (const [seq, at, vitals] of readings) {
    const of = {
      kind: 'reading',
      device: 'pump-1',
      site: 'w',
      model: 'm',
      session: 's',
      receivedAt: at,
      deviceTime: at,
      seq,
      firmware: '1',
      vitals,
      bytes: 1,
      payloadHash: 1,
      redelivered: false,
    } as const
    batch.add(of, 0, seq)
  }
  await store.insertColumns({ table: 'readings', batch })
}

it('an empty store answers with nothing', async () => {
  expect(await queries.latestReadings('pump-1', 5)).toEqual([])
  expect(await queries.series('pump-1', 'hr', noon, noon + 60_000)).toEqual([])
  expect([await queries.alerts(5), await queries.findings({ limit: 5 }), await queries.positions()]).toEqual([[], [], {}])
  expect((await queries.counts())['readings']).toBe(0)
})

it('a series is the same before the roll-up, after it, and with readings that came late', async () => {
  await land(noon, [
    [1, noon + 1_000, { hr: 70, mood: 5 }],
    [2, noon + 2_000, { hr: 80 }],
    [3, noon + 61_000, { hr: 90 }],
  ])
  const first = [
    { minute: noon, min: 70, max: 80, mean: 75, count: 2 },
    { minute: noon + 60_000, min: 90, max: 90, mean: 90, count: 1 },
  ]
  const series = (vital: string) => queries.series('pump-1', vital, noon, noon + 180_000)
  expect(await series('hr')).toEqual(first)
  expect(await rollUp(store.query)).toBe(noon)
  expect(await series('hr')).toEqual(first)
  expect(await series('mood')).toEqual([{ minute: noon, min: 5, max: 5, mean: 5, count: 1 }])
  await land(noon + 3_600_000, [
    [4, noon + 3_000, { hr: 60 }],
    [5, noon + 121_000, { hr: 50 }],
  ])
  await rollUp(store.query)
  expect(await rollUp(store.query)).toBeNull()
  expect(await series('hr')).toEqual([
    { minute: noon, min: 60, max: 80, mean: 70, count: 3 },
    { minute: noon + 60_000, min: 90, max: 90, mean: 90, count: 1 },
    { minute: noon + 120_000, min: 50, max: 50, mean: 50, count: 1 },
  ])
})

it('the latest readings come newest first, with every vital', async () => {
  const [newest, ...rest] = await queries.latestReadings('pump-1', 5)
  expect(newest).toMatchObject({ seq: 5, at: noon + 121_000, vitals: { hr: 50 } })
  expect(rest.at(-1)).toMatchObject({ seq: 1, vitals: { hr: 70, mood: 5 } })
})

it('alerts are the fold of the cases', async () => {
  const event = (sequence: number, alert: string, over: object) => {
    const of = finding({ offset: sequence })
    const link = {
      previous: '0'.repeat(64),
      hash: 'a'.repeat(64),
      recordedAt: noon,
      actor: 'wardwatch',
      opened: sequence === 1,
      findingPosition: of.position,
    }
    const { detector, title, device, site, severity, score, why, at, position, index } = of
    const whole = {
      type: 'finding.folded',
      sequence,
      ...link,
      alert,
      finding: of.id,
      detector,
      title,
      device,
      site,
      severity,
      score,
      why,
      at,
      position,
      index,
      ...over,
    } as const
    return { ...caseRow(whole, JSON.stringify(whole)), log_offset: sequence, landed_at: timeText(noon) }
  }
  const values = [
    event(1, 'AL-1', { severity: 'critical', score: 0.5 }),
    event(2, 'AL-2', { severity: 'low' }),
    event(3, 'AL-1', { severity: 'high', at: noon + 5_000, why: 'worse' }),
  ]
  await store.landing.insert({ table: 'cases', format: 'JSONEachRow', values })
  expect(await queries.alerts(10)).toMatchObject([
    {
      id: 'AL-1',
      severity: 'critical',
      score: 0.9,
      count: 2,
      firstSeen: noon,
      lastSeen: noon + 5_000,
      why: 'worse',
      sequence: 3,
      state: 'new',
    },
    { id: 'AL-2', severity: 'low', count: 1 },
  ])
})

it('findings are filtered and capped', async () => {
  const values = [1, 2, 3].map((offset) => ({
    ...findingRow(finding({ offset, at: noon + offset, device: `dev-${offset % 2}` })),
    landed_at: timeText(noon),
  }))
  await store.landing.insert({ table: 'findings', format: 'JSONEachRow', values })
  expect((await queries.findings({ limit: 2 })).map(({ id }) => id)).toEqual(['f-0-3-0', 'f-0-2-0'])
  expect((await queries.findings({ device: 'dev-0', limit: 9 })).map(({ id }) => id)).toEqual(['f-0-2-0'])
  expect(await queries.findings({ detector: "x' OR 1 = 1 --", limit: 9 })).toEqual([])
})

it('tells its sizes', async () => {
  const sizes = await queries.tableSizes()
  expect(sizes.find(({ table }) => table === 'readings')).toMatchObject({ rows: 5 })
  expect((await queries.memory()).trackedBytes).toBeGreaterThan(0)
})

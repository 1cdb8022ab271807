import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CaseEvent } from '../../contracts/case-event.ts'
import { rollUp } from '../landing/roll-up.ts'
import { caseRow } from '../landing/rows.ts'
import { timeText } from '../landing/stored-values.ts'
import type { Store } from '../open.ts'
import { alertOf, createDeskWriter, openDesk, vitalEvidence } from '../testing/desk-story.ts'
import { noon } from '../testing/story-log.ts'
import { openedStore, temporaryDirectory } from '../testing/temporary-store.ts'

const minute = 60_000
const home = temporaryDirectory()
let store: Store
let write: ReturnType<typeof createDeskWriter>
beforeAll(async () => {
  store = await openedStore(home.path)
  write = createDeskWriter(store)
  const readings = Array.from({ length: 60 }, (_, i) => ({
    device: 'mon-1',
    receivedAt: noon - 60 * minute + i * minute,
    vitals: { hr: 60 + i, ...(i < 30 ? { temp: 37 } : {}), ...(i === 59 ? { mood: 3 } : {}) },
    batteryPercent: 90 - i,
    firmware: i < 59 ? '1.0' : '1.1',
  }))
  await write.readings(readings)
  await rollUp(store.query)
})
afterAll(async () => {
  await store.close()
  home.remove()
})

it('facts: the newest value of each vital, battery, firmware, readings of the last hour', async () => {
  const desk = await openDesk(store, { now: () => noon })
  const facts = await desk.deviceFacts('mon-1')
  expect(facts).toMatchObject({ batteryPercent: 31, firmware: '1.1', readingsLastHour: 60 })
  expect(new Map(facts.latest.map(({ vital, value, at }) => [vital, [value, at]]))).toEqual(
    new Map([
      ['hr', [119, noon - minute]],
      ['temp', [37, noon - 31 * minute]],
      ['mood', [3, noon - minute]],
    ]),
  )
  expect(facts.latest.find(({ vital }) => vital === 'hr')).toMatchObject({ title: 'Heart rate', unit: 'bpm', loinc: '8867-4' })
  await desk.close()
  // A day later its temperature is still the newest that there is.
  const later = await openDesk(store, { now: () => noon + 24 * 60 * minute })
  expect(await later.deviceFacts('mon-1')).toMatchObject({ readingsLastHour: 0, firmware: '1.1', batteryPercent: 31 })
  expect((await later.deviceFacts('mon-1')).latest.map(({ vital }) => vital).toSorted()).toEqual(['hr', 'mood', 'temp'])
  await later.close()
})

it('connections are paged without a loss or a repeat, though many came in one ms', async () => {
  const events = Array.from({ length: 25 }, (_, i) => ({ device: 'busy', receivedAt: noon + Math.floor(i / 10), clientId: `c-${i}` }))
  await write.sessions(events)
  await write.sessions([{ device: 'other', receivedAt: noon }])
  const desk = await openDesk(store)
  const seen: (string | null)[] = []
  let before: string | null = null
  let pages = 0
  do {
    const page: Awaited<ReturnType<typeof desk.connections>> = await desk.connections('busy', before, 4)
    seen.push(...page.items.map(({ clientId }) => clientId))
    before = page.next
    pages++
  } while (before !== null)
  expect(pages).toBe(7)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `c-${24 - i}`))
  for (const cursor of ['', 'x', '1.2', "1.2.3' OR 1=1", '1.2.3.4', '99999999999999999999.1.1', '1.99999.1'])
    expect((await desk.connections('busy', cursor, 4)).items).toEqual([])
  await desk.close()
})

it('a timeline is read from the chain, and a row that is no event is left out', async () => {
  const link = { previous: '0'.repeat(64), hash: 'a'.repeat(64), recordedAt: noon, actor: 'rosa' }
  const events = [1, 2, 3, 4].map((sequence): CaseEvent => ({
    type: 'alert.noted',
    sequence,
    ...link,
    alert: 'AL-7',
    note: `n${sequence} ' \\ \u{1F600}`,
  }))
  const values = events.map((event) => ({
    ...caseRow(event, event.sequence === 2 ? '{"type":' : JSON.stringify(event)),
    log_offset: event.sequence,
    landed_at: timeText(noon),
  }))
  const other = { ...values[0]!, alert: 'AL-8' }
  await store.landing.insert({ table: 'cases', format: 'JSONEachRow', values: [...values, other] })
  const desk = await openDesk(store)
  expect(await desk.timeline('AL-7', null, 10)).toEqual([events[3], events[2], events[0]])
  expect(await desk.timeline('AL-7', 4, 1)).toEqual([events[2]])
  for (const below of [0, -1, 1]) expect(await desk.timeline('AL-7', below, 10)).toEqual([])
  await desk.close()
})

it('sparks: vitals, counts with zeros, sites and refusals, with the anomaly marked', async () => {
  await write.sessions([
    { event: 'refused', receivedAt: noon - 2 * minute, device: null, address: '10.6.6.6', reason: 'bad-credentials', amount: 7 },
  ])
  const desk = await openDesk(store, { now: () => noon + minute })
  await desk.close()
  const again = await openDesk(store, { now: () => noon + minute })
  const of = (id: string, over: object) => alertOf({ id, firstSeen: noon - 10 * minute, lastSeen: noon, ...over })
  const alerts = [
    of('vital', { device: 'mon-1', evidence: vitalEvidence('hr') }),
    of('flood', { device: 'mon-1', detector: 'flood' }),
    of('guess', { device: 'address:10.6.6.6', detector: 'credential-brute-force' }),
    of('site', { device: 'site:north', detector: 'silence' }),
    of('channel', { device: 'channel:mail', detector: 'paging-channel' }),
    of('unknown', { device: 'nobody', evidence: vitalEvidence('spo2') }),
  ]
  const sparks = await again.sparks(alerts)
  expect(Object.values(sparks).every(({ values }) => values.length === 32)).toBe(true)
  const { vital, flood, guess, site, channel, unknown } = sparks
  // The window ends with the minute that runs: buckets of two minutes, the anomaly in the last eleven.
  expect(vital!.anomalyFrom).toBe(26)
  expect(vital!.values.slice(-3)).toEqual([115.5, 117.5, 119])
  expect(flood!.values.slice(-3, -1)).toEqual([2, 2])
  expect(guess!.values.filter((value) => value !== null && value > 0)).toEqual([7])
  expect(guess!.values.filter((value) => value === 0).length).toBeGreaterThan(20)
  expect(site!.values.filter((value) => value === 1).length).toBeGreaterThan(20)
  expect([channel, unknown].every((spark) => spark!.values.every((value) => value === null))).toBe(true)
  expect(await again.sparks(Array.from({ length: 70 }, (_, i) => of(`a${i}`, { detector: 'flood' })))).toSatisfy(
    (found: object) => Object.keys(found).length === 60,
  )
  await again.close()
})

it('a silence that lasts is zeros after the last word, not a gap, while others are heard', async () => {
  await write.readings(
    Array.from({ length: 30 }, (_, i) => ({ device: 'quiet', receivedAt: noon - 60 * minute + i * minute, vitals: { hr: 1 } })),
  )
  await rollUp(store.query)
  const desk = await openDesk(store, { now: () => noon })
  const evidence = [{ feature: 'not heard for', observed: 20 * minute, expected: minute, unit: 'ms' }]
  const { quiet } = await desk.sparks([
    alertOf({ id: 'quiet', device: 'quiet', detector: 'silence', evidence, firstSeen: noon - 10 * minute, lastSeen: noon - 10 * minute }),
  ])
  expect(quiet!.values.slice(-5)).toEqual([0, 0, 0, 0, 0])
  await desk.close()
})

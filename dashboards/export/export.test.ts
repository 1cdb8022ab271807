import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alertStates, verdicts } from '../../contracts/alert.ts'
import { severities } from '../../contracts/finding.ts'
import { createTestDesk, type TestDesk } from '../testing/test-desk.ts'
import { createDice, sampleAlertOf } from '../testing/sample-fleet.ts'
import { sampleAlert } from '../testing/sample-alert.ts'
import { fhirDetectedIssue } from './fhir.ts'
import { ocsfFinding } from './ocsf.ts'

const schemaOf = (file: string): object => JSON.parse(readFileSync(new URL(`./schemas/${file}`, import.meta.url), 'utf8')) as object
const ocsf = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schemaOf('ocsf-1.5.0-detection-finding.json'))
const fhir = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schemaOf('fhir-r4-detected-issue.json'))

const time = fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 })
const text = fc.string({ maxLength: 60, unit: 'grapheme' })
const anyAlert = fc
  .record({
    id: fc.oneof(fc.stringMatching(/^[a-z0-9]{1,20}$/), fc.constant('with/slash and space')),
    openedAt: time,
    firstSeen: time,
    lastSeen: time,
    detector: fc.constantFrom('flood', 'level-shift'),
    title: text,
    why: text,
    device: fc.oneof(text, fc.constant('address:10.0.0.1'), fc.constant('site:north')),
    site: fc.option(text),
    ward: fc.option(text),
    model: fc.option(text),
    severity: fc.constantFrom(...severities),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
    count: fc.integer({ min: 1, max: 1_000_000 }),
    state: fc.constantFrom(...alertStates),
    verdict: fc.option(fc.constantFrom(...verdicts)),
    reason: fc.option(text),
    owner: fc.option(fc.constant('rosa')),
    containedAt: fc.option(time),
    previous: fc.option(fc.constant('a0')),
    attack: fc.array(text, { maxLength: 3 }),
    controls: fc.array(text, { maxLength: 3 }),
    evidence: fc.array(
      fc.record({
        feature: text,
        observed: fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true })),
        expected: fc.oneof(text, fc.integer()),
        unit: text,
      }),
      { maxLength: 3 },
    ),
    version: fc.nat(),
    sequence: fc.nat(),
  })
  .map((change) => ({ ...sampleAlert({ ...change }), ward: change.ward, model: change.model, nextDueAt: null }))

/** As it arrives: undefined fields are gone. */
const sent = (value: object): unknown => JSON.parse(JSON.stringify(value))

describe('whatever an alert is, its export is valid', () => {
  it('as an OCSF 1.5.0 Detection Finding', () =>
    fc.assert(
      fc.property(anyAlert, (alert) => {
        const valid = ocsf(sent(ocsfFinding(alert, 'hospital')))
        expect(ocsf.errors ?? [], JSON.stringify(ocsfFinding(alert, 'hospital'))).toEqual([])
        return valid
      }),
      { numRuns: 300 },
    ))
  it('as a FHIR R4 DetectedIssue', () =>
    fc.assert(
      fc.property(anyAlert, (alert) => {
        fhir(sent(fhirDetectedIssue(alert, 'hospital')))
        expect(fhir.errors ?? [], JSON.stringify(fhirDetectedIssue(alert, 'hospital'))).toEqual([])
      }),
      { numRuns: 300 },
    ))
  it('the schemas bite', () => {
    expect(ocsf({ class_uid: 2004 })).toBe(false)
    expect(
      ocsf({ ...ocsfFinding({ ...sampleAlert({ id: 'a', openedAt: 1 }), ward: null, model: null, nextDueAt: null }, 'x'), color: 'red' }),
    ).toBe(false)
    expect(fhir({ resourceType: 'DetectedIssue', status: 7 })).toBe(false)
  })
})

describe('an export', () => {
  let desk: TestDesk
  beforeAll(async () => {
    desk = await createTestDesk()
    const dice = createDice(3)
    const devices = [...desk.parts.directory.devices()]
    for (let n = 0; n < 1_300; n++) desk.parts.desk.put(sampleAlertOf(devices, dice, n, desk.clock.nowMs - n * 1_000))
  })
  afterAll(() => desk.close())
  const get = (query: string) => desk.as(desk.browsers.viewer, { url: `/api/v1/alerts/export?${query}` })

  it.each([
    ['format=ocsf&as=ndjson', 'application/x-ndjson'],
    ['format=fhir&as=ndjson', 'application/fhir+ndjson'],
    ['format=ocsf', 'application/json'],
    ['format=fhir', 'application/fhir+json'],
  ])('%s has every alert once, over several pages, each of them valid', async (query, type) => {
    const response = await get(`${query}&limit=1300`)
    expect(response.headers['content-type']).toBe(`${type}; charset=utf-8`)
    const validate = query.includes('ocsf') ? ocsf : fhir
    const documents = query.includes('ndjson')
      ? response.body
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, never>)
      : query.includes('ocsf')
        ? response.json<Record<string, never>[]>()
        : response.json<{ entry: { resource: Record<string, never> }[] }>().entry.map(({ resource }) => resource)
    for (const document of documents) expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
    expect(new Set(documents.map((document) => JSON.stringify(document['finding_info'] ?? document['identifier']))).size).toBe(1_300)
    if (query === 'format=fhir') expect(fhir(response.json()), JSON.stringify(fhir.errors)).toBe(true)
  })
  it('obeys its limit and filters', async () => {
    expect((await get('as=ndjson&limit=7')).body.trimEnd().split('\n')).toHaveLength(7)
    const critical = (await get('severity=critical&limit=10000')).json<{ severity_id: number }[]>()
    expect(new Set(critical.map(({ severity_id }) => severity_id))).toEqual(new Set([5]))
  })
  it.each(['ocsf', 'fhir'])('of nothing is still one document (%s)', async (format) => {
    const response = await get(`format=${format}&device=none`)
    if (format === 'ocsf') expect(response.json()).toEqual([])
    else expect(fhir(response.json()), JSON.stringify(fhir.errors)).toBe(true)
    expect((await get(`format=${format}&as=ndjson&device=none`)).body).toBe('')
  })
})

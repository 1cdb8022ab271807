import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Reading } from '../../contracts/observation.ts'
import type { Store } from '../open.ts'
import { readRows } from '../read-rows.ts'
import { noon } from '../testing/story-log.ts'
import { openedStore, temporaryDirectory } from '../testing/temporary-store.ts'
import { createReadingBatch, vitalColumns } from './reading-batch.ts'

const home = temporaryDirectory()
let store: Store
beforeAll(async () => {
  store = await openedStore(home.path)
  for (const table of ['by_columns', 'by_rows']) await store.landing.command({ query: `CREATE TABLE ${table} AS readings ENGINE = Memory` })
})
afterAll(async () => {
  await store.close()
  home.remove()
})

const text = fc.oneof(fc.constantFrom('dev-1', 'dev-2', ''), fc.string({ unit: 'binary', maxLength: 50 }))
// JSON has no -0: the rows would say 0 where the columns keep it.
const amount = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -500, max: 500 })).map((value) => value + 0)
const names = fc.oneof(fc.constantFrom<string>(...vitalColumns), fc.constantFrom('mood', 'cvp', "o'clock", 'smörgås'))
const time = fc.oneof(fc.integer({ min: noon - 10 ** 9, max: noon + 10 ** 9 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }))
const optional = <Name extends string, T>(name: Name, value: fc.Arbitrary<T>): fc.Arbitrary<{ [K in Name]?: T }> =>
  fc.option(value, { nil: undefined }).map((v) => (v === undefined ? {} : { [name]: v }) as { [K in Name]?: T })

const reading: fc.Arbitrary<Reading> = fc
  .tuple(
    fc.record({
      kind: fc.constant('reading' as const),
      receivedAt: time,
      device: text,
      site: text,
      model: text,
      session: text,
      deviceTime: fc.option(fc.oneof(time, fc.double({ noNaN: true }))),
      seq: fc.option(fc.maxSafeInteger()),
      firmware: fc.option(text),
      vitals: fc.dictionary(names, amount, { maxKeys: 6, noNullPrototype: true }),
      bytes: fc.nat(2 ** 20),
      payloadHash: fc.integer(),
      redelivered: fc.boolean(),
    }),
    optional('bootId', text),
    optional('batteryPercent', fc.integer({ min: 0, max: 100 })),
    optional('sentinels', fc.dictionary(names, amount, { maxKeys: 2, noNullPrototype: true })),
  )
  .map(([reading, ...rest]) => Object.assign({}, reading, ...rest) as Reading)

const everything = (table: string): Promise<unknown[][]> =>
  readRows(
    store.query,
    `SELECT * EXCEPT other_vitals, mapSort(other_vitals), mapSort(sentinels) FROM ${table} ORDER BY log_partition, log_offset`,
  )

it('columns and rows land the same, whatever the readings hold', async () => {
  const batch = createReadingBatch()
  await fc.assert(
    fc.asyncProperty(fc.array(reading, { minLength: 1, maxLength: 60 }), fc.nat(3), async (readings, out) => {
      for (const table of ['by_columns', 'by_rows']) await store.landing.command({ query: `TRUNCATE TABLE ${table}` })
      batch.clear()
      batch.landedAtMs = noon
      for (const [i, reading] of readings.entries()) batch.add(reading, i % 3, i * 7)
      const left = new Set(out === 0 ? [] : readings.flatMap((_, i) => (i % out === 0 ? [`${i % 3}/${i * 7}`] : [])))
      batch.leaveOut(left)
      await store.insertColumns({ table: 'by_columns', token: 'only-once', batch })
      const rows = [...batch.rows()]
      if (rows.length > 0) await store.landing.insert({ table: 'by_rows', values: rows, format: 'JSONEachRow' })
      const [columns, asRows] = [await everything('by_columns'), await everything('by_rows')]
      expect(columns).toHaveLength(readings.length - left.size)
      expect(columns).toEqual(asRows)
    }),
    { numRuns: 30 },
  )
})

it('what went in comes out, to the last digit', async () => {
  await store.landing.command({ query: 'TRUNCATE TABLE by_columns' })
  const batch = createReadingBatch()
  batch.landedAtMs = noon
  const vitals = { hr: 71.3, spo2: 0.1 + 0.2, temp: 36.6, mood: 1e-7, volumeInfused: 12_345.6789 }
  const plain = {
    kind: 'reading',
    device: 'pump-1',
    site: 'w',
    model: 'm',
    session: 's',
    receivedAt: noon,
    deviceTime: noon - 1_500,
    seq: 2 ** 53 - 1,
    firmware: '1.2',
    bytes: 99,
    payloadHash: -7,
    redelivered: true,
  } as const
  batch.add({ ...plain, vitals, sentinels: { resp: -1 } }, 2, 41)
  batch.add({ ...plain, vitals: {}, deviceTime: noon - 10 ** 12, seq: null, firmware: null }, 2, 42)
  await store.insertColumns({ table: 'by_columns', token: 'only-once', batch })
  const rows = await readRows(
    store.query,
    `SELECT hr, spo2, temp, volumeInfused, other_vitals, sentinels, resp, toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(device_time), seq, firmware, payload_hash, redelivered, log_topic, log_partition, log_offset
     FROM by_columns ORDER BY log_offset SETTINGS output_format_json_quote_64bit_integers = 0`,
  )
  expect(rows).toEqual([
    [
      71.3,
      0.1 + 0.2,
      36.6,
      12_345.6789,
      { mood: 1e-7 },
      { resp: -1 },
      null,
      noon - 1_500,
      noon - 1_500,
      2 ** 53 - 1,
      '1.2',
      -7,
      true,
      'observations.by-device.v1',
      2,
      41,
    ],
    [null, null, null, null, {}, {}, null, noon, noon - 10 ** 12, null, '', -7, true, 'observations.by-device.v1', 2, 42],
  ])
})

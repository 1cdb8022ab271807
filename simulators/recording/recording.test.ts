import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../contracts/logger.ts'
import { systemScheduler } from '../scheduler.ts'
import { startTestBroker } from '../test-broker.ts'
import { type RecordingMapping, asIdentifier, parseMapping } from './mapping.ts'
import { recordingToPayload } from './payload.ts'
import { readRecording } from './read-recording.ts'
import { replayRecording } from './replay-recording.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recording-'))
})
afterAll(() => rm(directory, { recursive: true }))

let files = 0
const fileOf = async (content: string | Buffer): Promise<string> => {
  const path = join(directory, `${files++}.csv`)
  await writeFile(path, content)
  return path
}
const mapped = (json: object): RecordingMapping => {
  const parsed = parseMapping(JSON.stringify(json))
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.mapping
}
const long = (change: object = {}): RecordingMapping =>
  mapped({
    form: 'long',
    device: { columns: ['device'] },
    site: { is: 'lab' },
    model: { is: 'recorder' },
    time: { kind: 'iso', column: 'ts' },
    vital: {
      column: 'vital',
      value: 'value',
      names: { HR: 'hr', T: { vital: 'temp', factor: 1, offset: 0 }, F: { vital: 'temp', factor: 0.5, offset: -16 } },
    },
    ...change,
  })
const wide = (change: object = {}): RecordingMapping =>
  mapped({
    form: 'wide',
    device: { columns: ['id'] },
    site: { is: 'lab' },
    model: { column: 'model' },
    time: { kind: 'relative', column: 't', unit: 'second', base: '2026-01-05T00:00:00Z' },
    vitals: { hr: 'hr', spo2: 'spo2' },
    ...change,
  })
const baseMs = Date.UTC(2026, 0, 5)

describe('long form', () => {
  it('the vitals of a device at one time are one message, wherever their rows stand; dirty values are carried exactly', async () => {
    const path = await fileOf(
      [
        'ts,device,vital,value',
        '2026-01-05T00:00:01Z,b,HR,0',
        '2026-01-05T00:00:00Z,a,HR,72',
        '2026-01-05T00:00:00Z,b,HR,-1',
        '2026-01-05T00:00:00Z,a,T,-17.8',
        '2026-01-05T00:00:00Z,a,HR,73',
      ].join('\n'),
    )
    const recording = await readRecording(path, long())
    expect([...recording].map(({ device, ts, seq, vitals }) => [device, ts - baseMs, seq, vitals])).toEqual([
      ['a', 0, 1, { hr: 72, temp: -17.8 }],
      ['b', 0, 1, { hr: -1 }],
      // The same vital once more at the same time overwrites nothing.
      ['a', 0, 2, { hr: 73 }],
      ['b', 1_000, 2, { hr: 0 }],
    ])
    expect(recording.stats).toMatchObject({ rows: 5, messages: 4, values: 5, faults: {} })
  })

  it('what cannot be read is counted with its reason and stops nothing', async () => {
    const path = await fileOf(
      [
        'ts,device,vital,value',
        'yesterday,a,HR,72',
        '2026-02-30T00:00:00Z,a,HR,72',
        '2026-01-05T00:00:00Z,,HR,72',
        '2026-01-05T00:00:00Z,a,EEG,72',
        '2026-01-05T00:00:00Z,a,HR,',
        '2026-01-05T00:00:00Z,a,HR,0x48',
        '2026-01-05T00:00:00Z,a,HR,Infinity',
        '2026-01-05T00:00:00Z,a',
        '2026-01-05T00:00:00Z,a,HR,72,more',
      ].join('\r\n'),
    )
    const { stats } = await readRecording(path, long())
    expect(stats).toMatchObject({
      rows: 9,
      messages: 1,
      faults: { 'bad-time': 2, 'no-device': 1, 'unmapped-vital': 2, 'empty-value': 1, 'bad-value': 2 },
    })
  })

  it('units are brought to the table by factor and offset', async () => {
    const path = await fileOf('ts,device,vital,value\n2026-01-05,a,F,106')
    expect([...(await readRecording(path, long()))][0]?.vitals).toEqual({ temp: 37 })
  })
})

describe('wide form', () => {
  it('a row is a message, plain or gzip, with a byte order mark or without; an empty cell is no value', async () => {
    const text = 'id,model,t,hr,spo2\np 1,m,0,72,98\np 1,m,1,73,\np 1,m,2,,\np 1,m,0.5,,0\n'
    for (const content of [text, `\uFEFF${text}`, gzipSync(text)]) {
      const recording = await readRecording(await fileOf(content), wide())
      expect([...recording].map(({ ts, vitals }) => [ts - baseMs, vitals])).toEqual([
        [0, { hr: 72, spo2: 98 }],
        [500, { spo2: 0 }],
        [1_000, { hr: 73 }],
      ])
      expect(recording.devices).toEqual([{ device: 'p-1', site: 'lab', model: 'm', ward: '' }])
      expect(recording.stats.faults).toEqual({ 'no-vitals': 1 })
    }
  })

  it("the file's order is kept where stamps repeat or go back", async () => {
    const path = await fileOf('id,model,t,hr,spo2\na,m,5,1,\na,m,3,2,\nb,m,4,3,\na,m,5,4,\na,m,6,5,\n')
    const played = [...(await readRecording(path, wide({ order: 'file' })))]
    expect(played.map(({ device, ts, vitals }) => [device, (ts - baseMs) / 1_000, vitals['hr']])).toEqual([
      ['b', 4, 3],
      ['a', 5, 1],
      ['a', 3, 2],
      ['a', 5, 4],
      ['a', 6, 5],
    ])
  })

  it("a counter of the device's own is taken when the mapping names it", async () => {
    const path = await fileOf('id,model,t,hr,spo2,n\na,m,0,1,,17\na,m,1,2,,x\n')
    const recording = await readRecording(path, wide({ seq: 'n' }))
    expect([...recording].map(({ seq }) => seq)).toEqual([17])
    expect(recording.stats.faults).toEqual({ 'bad-seq': 1 })
  })

  it('names that would become one identifier stay two devices', async () => {
    const path = await fileOf('id,model,t,hr,spo2\np 1,m,0,1,\np/1,m,0,2,\n')
    expect((await readRecording(path, wide())).devices.map(({ device }) => device)).toEqual(['p-1', 'p-1-2'])
    expect(asIdentifier('../..')).toBe(null)
  })
})

it('a file that is none is refused with one clear line', async () => {
  await expect(readRecording(join(directory, 'missing.csv'), wide())).rejects.toThrow(/missing.csv cannot be read/)
  await expect(readRecording(await fileOf(''), wide())).rejects.toThrow(/is empty/)
  await expect(readRecording(await fileOf('id,model,t,hr\n'), wide())).rejects.toThrow(/has no column spo2; it has id, model, t, hr/)
  await expect(readRecording(await fileOf(gzipSync('id\n').subarray(0, 12)), wide())).rejects.toThrow(/cannot be read/)
  await expect(readRecording(await fileOf('id,model,t,hr,spo2\na,m,0,1,1\na,m,0,1,1\n'), wide(), { rowsMax: 1 })).rejects.toThrow(
    /more than 1 rows/,
  )
  expect(parseMapping('{"form":"wide"}')).toMatchObject({ ok: false })
  expect(parseMapping('{')).toMatchObject({ ok: false })
})

const dataDirectory = join(import.meta.dirname, '../../../shared/data')
const mappings = join(import.meta.dirname, 'mappings')

/** Counted by hand with zcat, cut, sort and uniq: rows, messages (distinct device and time, or rows), devices, values. */
const real = [
  ['bidmc-numerics.json', 'bidmc_numerics_1hz_dev.csv.gz', 13_468, 13_468, 28, 53_477],
  ['mimic2-numerics.json', 'mimic2_numerics_1min.csv.gz', 14_353, 2_008, 2, 14_353],
  ['physionet2012.json', 'physionet2012_a_vitals_400.csv.gz', 132_452, 26_326, 400, 132_452],
  ['cgm-dexcom.json', 'cgm_dexcom_5min.csv.gz', 48_756, 48_756, 24, 48_756],
  ['fitbit-hr.json', 'fitbit_hr_raw_5s.csv.gz', 26_084, 26_084, 2, 26_084],
  ['dad-publish.json', 'dad_publish_mon_thu.csv.gz', 18_392, 18_392, 16, 18_392],
  ['nab.json', 'nab_realKnownCause_artificialWithAnomaly.csv.gz', 93_753, 93_753, 13, 93_753],
  ['mqttset-publish.json', 'mqttset_messages_dev.csv.gz', 73_764, 6_072, 10, 6_072],
] as const

const load = (mapping: string, file: string) => {
  const parsed = parseMapping(readFileSync(join(mappings, mapping), 'utf8'))
  if (!parsed.ok) throw new Error(`${mapping}: ${parsed.reason}`)
  return readRecording(join(dataDirectory, file), parsed.mapping)
}

describe.skipIf(!existsSync(dataDirectory))('real recordings (skipped when ../shared/data is absent)', () => {
  it.each(real)('%s reads all of %s', async (mapping, file, rows, messages, devices, values) => {
    const recording = await load(mapping, file)
    expect(recording.stats).toMatchObject({ rows, messages, values })
    expect(recording.devices.length).toBe(devices)
    expect(Object.keys(recording.stats.faults)).toEqual(mapping.startsWith('mqttset') ? ['filtered'] : [])
  })

  it('dirty values arrive as they are: every zero of PhysioNet 2012', async () => {
    const zeros: Record<string, number> = {}
    for (const { vitals } of await load('physionet2012.json', 'physionet2012_a_vitals_400.csv.gz')) {
      for (const [name, value] of Object.entries(vitals)) if (value <= 0) zeros[name] = (zeros[name] ?? 0) + 1
    }
    expect(zeros).toEqual({ hr: 1, resp: 4, temp: 3, abpSys: 51, abpDia: 50, abpMean: 2, nbpSys: 15, nbpDia: 8, nbpMean: 1, urine: 298 })
  })

  it('two thousand minutes of MIMIC-II over MQTT arrive byte for byte, in order, each acknowledged once', async () => {
    const recording = await load('mimic2-numerics.json', 'mimic2_numerics_1min.csv.gz')
    const broker = await startTestBroker()
    try {
      const stats = await replayRecording({
        recording,
        speed: 0,
        host: '127.0.0.1',
        port: broker.port,
        credentials: async () => ({}),
        scheduler: systemScheduler,
        logger: silentLogger,
      })
      expect(stats).toEqual({ messages: 2_008, published: 2_008, acknowledged: 2_008, redelivered: 0, connects: 2, connectFailures: 0 })
      for (const { device } of recording.devices) {
        const sent = [...recording].filter((message) => message.device === device).map((message) => recordingToPayload(message).toString())
        const heard = broker.received.filter(({ client }) => client === device).map(({ payload }) => payload.toString())
        expect(heard).toEqual(sent)
      }
    } finally {
      await broker.stop()
    }
  })
})

describe('a replay', () => {
  const tiny = async () => readRecording(await fileOf('id,model,t,hr,spo2\na,m,0,70,98\nb,m,0.1,71,97\na,m,0.4,72,96\n'), wide())
  const options = { host: '127.0.0.1', credentials: async () => ({}), scheduler: systemScheduler, logger: silentLogger }

  it('keeps its tempo, and tells each acknowledgement', async () => {
    const broker = await startTestBroker()
    try {
      const told: string[] = []
      const startedMs = Date.now()
      await replayRecording({
        ...options,
        recording: await tiny(),
        speed: 2,
        port: broker.port,
        onAcknowledged: ({ device }, count) => told.push(`${device} ${count}`),
      })
      // A lower bound: 400 ms at twice the tempo.
      expect(Date.now() - startedMs).toBeGreaterThanOrEqual(195)
      expect(told).toEqual(['a 1', 'b 2', 'a 3'])
    } finally {
      await broker.stop()
    }
  })

  it('ends when it is told to, though nobody answers', async () => {
    const stop = new AbortController()
    const ended = replayRecording({ ...options, recording: await tiny(), speed: 0, port: 1, signal: stop.signal })
    stop.abort()
    expect(await ended).toMatchObject({ messages: 3, acknowledged: 0 })
  })

  it('a negative speed is refused', async () => {
    await expect(replayRecording({ ...options, recording: await tiny(), speed: -1, port: 1 })).rejects.toThrow(/speed must be 0 or more/)
  })
})

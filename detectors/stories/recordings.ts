import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { vitalNamed } from '../../contracts/vitals.ts'
import type { Observation, Reading } from '../../contracts/observation.ts'
import { guess, reading, session } from './observations.ts'

/** Where real recordings lie, beside the repository: shared/data/SOURCES.md says whose they are. Not part of the product. */
const folder = new URL('../../../shared/data/', import.meta.url)

export const recordingsPresent = existsSync(new URL('SOURCES.md', folder))
export const recordingsFolder = fileURLToPath(folder)

type Row = Readonly<Record<string, string>>

/** Rows of a gzipped CSV without quoted line breaks, by column name. */
const rowsOf = (file: string): Row[] => {
  const [head, ...lines] = gunzipSync(readFileSync(new URL(file, folder)))
    .toString('utf8')
    .trimEnd()
    .split(/\r?\n/)
  const columns = head!.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']))
  })
}

const startMs = 1_795_000_000_000

/** Values by vital; what the table marks as "not connected" is left out, as ingest does. */
const connected = (values: Readonly<Record<string, string>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, text]) => text !== '' && Number.isFinite(Number(text)))
      .map(([name, text]): [string, number] => [name, Number(text)])
      .filter(([name, value]) => !(vitalNamed(name)?.sentinels ?? []).includes(value)),
  )

/** Readings of each device in time order, with a counter, as the device would have sent them. */
const toReadings = (
  rows: readonly { device: string; atMs: number; vitals: Record<string, number> }[],
  site: string,
): Map<string, Reading[]> => {
  const byDevice = new Map<string, Reading[]>()
  for (const { device, atMs, vitals } of rows) {
    if (Object.keys(vitals).length === 0) continue
    const held = byDevice.get(device) ?? []
    byDevice.set(device, held)
    // The counter of a device starts somewhere.
    held.push(reading(atMs, { device, site, model: site, session: `${device}-1`, seq: 1_000 + held.length, vitals }))
  }
  for (const held of byDevice.values()) held.sort((a, b) => a.receivedAt - b.receivedAt)
  return byDevice
}

/** Intensive care monitors, 8 minutes each at 1 Hz. */
export const bidmc = (): Map<string, Reading[]> =>
  toReadings(
    rowsOf('bidmc_numerics_1hz_dev.csv.gz').map((row) => ({
      device: row['record']!,
      atMs: startMs + Number(row['t_s']) * 1_000,
      vitals: connected({ hr: row['HR']!, pulse: row['PULSE']!, resp: row['RESP']!, spo2: row['SpO2']! }),
    })),
    'bidmc',
  )

const byMoment = (rows: readonly Row[], device: string, names: Readonly<Record<string, string>>, column: string) => {
  const moments = new Map<string, { device: string; atMs: number; values: Record<string, string> }>()
  for (const row of rows) {
    const name = names[row[column]!]
    if (name === undefined) continue
    const key = `${row[device]} ${row['minute']}`
    const moment = moments.get(key) ?? { device: row[device]!, atMs: startMs + Number(row['minute']) * 60_000, values: {} }
    moments.set(key, moment)
    moment.values[name] = row['value']!
  }
  return [...moments.values()].map(({ device, atMs, values }) => ({ device, atMs, vitals: connected(values) }))
}

/** Two intensive care monitors, one value a minute, 32 hours and 72 minutes. */
export const mimic = (): Map<string, Reading[]> =>
  toReadings(
    byMoment(
      rowsOf('mimic2_numerics_1min.csv.gz'),
      'record',
      {
        HR: 'hr',
        PULSE: 'pulse',
        RESP: 'resp',
        SpO2: 'spo2',
        ABPSys: 'abpSys',
        ABPDias: 'abpDia',
        ABPMean: 'abpMean',
        NBPSys: 'nbpSys',
        NBPDias: 'nbpDia',
        NBPMean: 'nbpMean',
      },
      'signal',
    ),
    'mimic',
  )

/** 400 intensive care stays of 48 hours, charted about hourly, dirty on purpose. */
export const physionet = (): Map<string, Reading[]> =>
  toReadings(
    byMoment(
      rowsOf('physionet2012_a_vitals_400.csv.gz'),
      'patient',
      {
        HR: 'hr',
        RespRate: 'resp',
        SaO2: 'sao2',
        Temp: 'temp',
        SysABP: 'abpSys',
        DiasABP: 'abpDia',
        MAP: 'abpMean',
        NISysABP: 'nbpSys',
        NIDiasABP: 'nbpDia',
        NIMAP: 'nbpMean',
        Glucose: 'glucose',
        GCS: 'gcs',
        FiO2: 'fio2',
        Urine: 'urine',
      },
      'parameter',
    ),
    'physionet',
  )

const local = (text: string): number => Date.parse(`${text}Z`)

/** Heart rate of two people with wrist bands, each 5 to 15 s, exercise and all. */
export const fitbit = (): Map<string, Reading[]> =>
  toReadings(
    rowsOf('fitbit_hr_raw_5s.csv.gz').map((row) => ({
      device: row['device']!,
      atMs: local(row['time_local']!),
      vitals: connected({ hr: row['heart_rate']! }),
    })),
    'fitbit',
  )

/** Glucose sensors of 24 people, each 5 minutes, for days. */
export const glucose = (): Map<string, Reading[]> =>
  toReadings(
    rowsOf('cgm_dexcom_5min.csv.gz').map((row) => ({
      device: row['device']!.replaceAll(' ', '-'),
      atMs: local(row['time_local']!),
      vitals: connected({ glucose: row['glucose_mgdl']! }),
    })),
    'cgm',
  )

/** Sixteen temperature sensors over four days, each 5 minutes; with the label of each reading. */
export const dad = (): { readings: Map<string, Reading[]>; labels: Map<string, string> } => {
  const rows = rowsOf('dad_publish_mon_thu.csv.gz')
  const labels = new Map(
    rows.filter((row) => row['label'] === '1').map((row) => [`${row['device']} ${Date.parse(row['ts_utc']!)}`, row['label_kind']!]),
  )
  const readings = toReadings(
    rows.map((row) => ({ device: row['device']!, atMs: Date.parse(row['ts_utc']!), vitals: connected({ ambientTemp: row['temp_c']! }) })),
    'dad',
  )
  return { readings, labels }
}

/** MQTTset: ten benign devices for 20 minutes, a brute force of 1,271 sign-ins, and a flood of 56,304 messages by one client. */
export const mqttset = (): { benign: Observation[]; bruteForce: Observation[]; flood: Observation[] } => {
  const rows = rowsOf('mqttset_messages_dev.csv.gz').filter((row) => row['dir'] === 'to_broker')
  const pick = (capture: string, type: string) => rows.filter((row) => row['capture'] === capture && row['mqtt_type'] === type)
  const published = (capture: string): Observation[] =>
    pick(capture, 'PUBLISH').map((row) =>
      // The payloads are bare numbers: no clock, no counter.
      reading(Math.floor(Date.parse(row['ts_utc']!)), {
        device: row['client_id']!,
        site: 'mqttset',
        deviceTime: null,
        vitals: { [row['topic']!]: Number(row['payload']) },
        bytes: Number(row['payload_len']),
        payloadHash: Number(row['payload']),
      }),
    )
  const connects = (capture: string): Observation[] =>
    pick(capture, 'CONNECT').map((row) =>
      session('connect', Math.floor(Date.parse(row['ts_utc']!)), {
        device: row['client_id']!,
        site: 'mqttset',
        address: row['src']!,
        session: `s-${row['client_id']}`,
      }),
    )
  return {
    benign: [...connects('benign'), ...published('benign')],
    // Each CONNECT of the capture was answered with return code 5.
    bruteForce: pick('bruteforce', 'CONNECT').map((row) =>
      guess(Math.floor(Date.parse(row['ts_utc']!)), row['username']!, {
        device: row['username'] === '' ? null : row['username']!,
        userName: row['username'] === '' ? null : row['username']!,
        clientId: row['client_id']!,
        address: row['src']!,
        site: null,
        reason: row['has_password'] === '1' ? 'bad-credentials' : 'no-certificate',
      }),
    ),
    flood: [...connects('flood'), ...published('flood')],
  }
}

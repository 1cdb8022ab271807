import type { Reading } from '../../contracts/observation.ts'
import type { VitalName } from '../../contracts/vitals.ts'
import type { ColumnBatch } from './column-batch.ts'
import { createDenseColumns, createNumberColumn, createTextColumn, type NumberColumn } from './arrow-columns.ts'
import { nativeBlock, nativeConstant, nativeMap, nativeNullable, nativeNumber, nativeText, nativeTime } from './native-columns.ts'
import { numberMapText, readingTimeMs, storedDeviceTimeMs, storedTimeMs, timeText } from './stored-values.ts'

/** The vitals that have a column of their own in `readings` (migrations/0001); the rest stand in `other_vitals`. */
export const vitalColumns = [
  'hr', 'pulse', 'resp', 'spo2', 'sao2', 'temp', 'abpSys', 'abpDia', 'abpMean', 'nbpSys', 'nbpDia', 'nbpMean', 'glucose', 'etco2', 'fio2', 'gcs',
  'urine', 'infusionRate', 'volumeInfused', 'linePressure', 'steps', 'skinTemp', 'ambientTemp',
] as const satisfies readonly VitalName[] // prettier-ignore

const readingsTopic = 'observations.by-device.v1'

/** The readings that will be landed with one insert. Columns from the start: no object or text a row. */
export interface ReadingBatch extends ColumnBatch {
  add(reading: Reading, partition: number, offset: number): void
  /** Rows that an insert brings: those not left out. */
  readonly remaining: number
  /** Names rows (as `partition/offset`) that the table turned out to have already. */
  leaveOut(held: ReadonlySet<string>): void
  /** The time of the insert, ms; the same for all its rows. */
  landedAtMs: number
  clear(): void
}

const textNames = ['device', 'site', 'model', 'session', 'boot_id', 'firmware'] as const
const mapNames = ['other_vitals', 'sentinels'] as const
/** Column to the expression that gives it its type. */
const dense = {
  at: 'fromUnixTimestamp64Milli(toInt64(at))',
  received_at: 'fromUnixTimestamp64Milli(toInt64(received_at))',
  bytes: 'toUInt32(bytes)',
  payload_hash: 'toInt64(payload_hash)',
  redelivered: 'toBool(redelivered)',
  log_partition: 'toUInt16(log_partition)',
  log_offset: 'toUInt64(log_offset)',
} as const
const nullable = {
  device_time: 'fromUnixTimestamp64Milli(CAST(device_time AS Nullable(Int64)))',
  seq: 'CAST(seq AS Nullable(Int64))',
  battery_percent: 'battery_percent',
} as const
const denseNames = Object.keys(dense) as (keyof typeof dense)[]
const plainNames = denseNames.filter((name) => name !== 'at' && name !== 'received_at')
const nullableNames = Object.keys(nullable) as (keyof typeof nullable)[]

export const createReadingBatch = (): ReadingBatch => {
  const text = {
    device: createTextColumn(),
    site: createTextColumn(),
    model: createTextColumn(),
    session: createTextColumn(),
    boot_id: createTextColumn(),
    firmware: createTextColumn(),
  }
  const maps = { other_vitals: createTextColumn(), sentinels: createTextColumn() }
  const numbers = createDenseColumns(denseNames)
  const sparse = { device_time: createNumberColumn(), seq: createNumberColumn(), battery_percent: createNumberColumn() }
  const vitals = new Map<string, NumberColumn>(vitalColumns.map((name) => [name, createNumberColumn()]))
  // Maps are rare: their columns begin with the first row that has one.
  const mapped = { other_vitals: false, sentinels: false }
  let left = new Set<string>()
  let length = 0

  const kept = (): number[] => {
    const rows: number[] = []
    const { log_partition, log_offset } = numbers.values
    for (let row = 0; row < length; row++) if (left.size === 0 || !left.has(`${log_partition[row]}/${log_offset[row]}`)) rows.push(row)
    return rows
  }

  const pushMap = (name: keyof typeof mapped, values: Record<string, number> | null): void => {
    if (values !== null && !mapped[name]) {
      mapped[name] = true
      for (let row = 0; row < length; row++) maps[name].push('')
    }
    if (mapped[name]) maps[name].push(values === null ? '' : numberMapText(values))
  }

  const batch: ReadingBatch = {
    landedAtMs: 0,
    get length() {
      return length
    },
    add(reading, partition, offset) {
      const row = length
      text.device.push(reading.device)
      text.site.push(reading.site)
      text.model.push(reading.model)
      text.session.push(reading.session)
      text.boot_id.push(reading.bootId ?? '')
      text.firmware.push(reading.firmware ?? '')
      numbers.reserve(row)
      const { values } = numbers
      values.at[row] = readingTimeMs(reading.deviceTime, reading.receivedAt)
      values.received_at[row] = storedTimeMs(reading.receivedAt)
      values.bytes[row] = reading.bytes
      values.payload_hash[row] = reading.payloadHash
      values.redelivered[row] = reading.redelivered ? 1 : 0
      values.log_partition[row] = partition
      values.log_offset[row] = offset
      const deviceTime = storedDeviceTimeMs(reading.deviceTime)
      if (deviceTime !== null) sparse.device_time.set(row, deviceTime)
      if (reading.seq !== null) sparse.seq.set(row, reading.seq)
      if (reading.batteryPercent !== undefined) sparse.battery_percent.set(row, reading.batteryPercent)
      let others: Record<string, number> | null = null
      for (const name in reading.vitals) {
        const column = vitals.get(name)
        if (column === undefined) (others ??= {})[name] = reading.vitals[name]!
        else column.set(row, reading.vitals[name]!)
      }
      pushMap('other_vitals', others)
      pushMap('sentinels', reading.sentinels ?? null)
      length++
    },
    leaveOut(held) {
      left = new Set(held)
    },
    toArrow() {
      const used = vitalColumns.filter((name) => !vitals.get(name)!.isEmpty)
      const usedMaps = mapNames.filter((name) => mapped[name])
      const out = [...left].map((key) => `(${key.replace('/', ', ')})`)
      return {
        columns: [
          ...textNames.map((name) => text[name].arrow(name)),
          ...denseNames.map((name) => numbers.arrow(name, length)),
          ...nullableNames.map((name) => sparse[name].arrow(name, length)),
          ...used.map((name) => vitals.get(name)!.arrow(name, length)),
          ...usedMaps.map((name) => maps[name].arrow(name)),
        ],
        into: [...textNames, ...denseNames, ...nullableNames, ...used, ...usedMaps, 'log_topic', 'landed_at'],
        select: [
          ...textNames,
          ...denseNames.map((name) => dense[name]),
          ...nullableNames.map((name) => nullable[name]),
          ...used,
          ...usedMaps.map((name) => `JSONExtract(assumeNotNull(${name}), 'Map(String, Float64)')`),
          `'${readingsTopic}'`,
          `fromUnixTimestamp64Milli(toInt64(${batch.landedAtMs}))`,
        ],
        where: out.length === 0 ? null : `(toUInt16(log_partition), toUInt64(log_offset)) NOT IN (${out.join(', ')})`,
      }
    },
    get remaining() {
      return left.size === 0 ? length : kept().length
    },
    toNative() {
      const rows = kept()
      const { values } = numbers
      const used = vitalColumns.filter((name) => !vitals.get(name)!.isEmpty)
      const columns = [
        ...textNames.map((name) => nativeText(name, rows, text[name].bytesAt)),
        nativeTime('at', rows, (row) => values.at[row]!),
        nativeTime('received_at', rows, (row) => values.received_at[row]!),
        ...plainNames.map((name) => nativeNumber(name, rows, (row) => values[name][row]!)),
        nativeTime('device_time', rows, sparse.device_time.at, true),
        nativeNullable('seq', rows, sparse.seq.at),
        nativeNullable('battery_percent', rows, sparse.battery_percent.at),
        ...used.map((name) => nativeNullable(name, rows, vitals.get(name)!.at)),
        ...mapNames
          .filter((name) => mapped[name])
          .map((name) =>
            nativeMap(name, rows, (row) => (maps[name].at(row) === '' ? {} : (JSON.parse(maps[name].at(row)) as Record<string, number>))),
          ),
        nativeConstant('log_topic', rows.length, readingsTopic),
        nativeTime('landed_at', rows, () => batch.landedAtMs),
      ]
      return { into: columns.map(({ name }) => name), rows: rows.length, block: nativeBlock(columns, rows.length) }
    },
    *rows() {
      const { values } = numbers
      for (let row = 0; row < length; row++) {
        if (left.has(`${values.log_partition[row]}/${values.log_offset[row]}`)) continue
        const out: Record<string, unknown> = {}
        for (const name of textNames) out[name] = text[name].at(row)
        for (const name of denseNames) out[name] = values[name][row]
        for (const name of nullableNames) out[name] = sparse[name].at(row)
        for (const name of ['at', 'received_at'] as const) out[name] = timeText(values[name][row]!)
        const deviceTime = sparse.device_time.at(row)
        if (deviceTime !== null) out['device_time'] = timeText(deviceTime)
        out['redelivered'] = values.redelivered[row] === 1
        for (const [name, column] of vitals) if (!column.isEmpty) out[name] = column.at(row)
        for (const name of mapNames) if (mapped[name] && maps[name].at(row) !== '') out[name] = JSON.parse(maps[name].at(row))
        yield { ...out, log_topic: readingsTopic, landed_at: timeText(batch.landedAtMs) }
      }
    },
    clear() {
      for (const column of [...Object.values(text), ...Object.values(maps), ...Object.values(sparse), ...vitals.values()]) column.clear()
      mapped.other_vitals = false
      mapped.sentinels = false
      left = new Set()
      length = 0
    },
  }
  return batch
}

import type { Decoded } from '../../contracts/decode.ts'
import type { Reading } from '../../contracts/observation.ts'
import type { DecodeLimits } from '../decode-limits.ts'
import { clampToFuture } from '../device-time.ts'
import { type ResolvedRecord, resolveSenml } from '../senml-resolve.ts'
import { inUnitOfVital, vitalOfSenmlName } from '../senml-vitals.ts'
import { type MessageContext, deadLetter } from '../verdict.ts'
import { isSentinel, isVitalName } from '../vital-values.ts'

const firmwareNames: ReadonlySet<string> = new Set(['fw', 'firmware'])
const batteryNames: ReadonlySet<string> = new Set(['bat', 'battery'])

/** The newest record of each name, by time; of equal times the later in the pack. No time counts as now, the newest of all. */
const newestByVital = (records: readonly ResolvedRecord[]): Map<string, ResolvedRecord> => {
  const newest = new Map<string, ResolvedRecord>()
  for (const record of records) {
    const name = vitalOfSenmlName(record.name)
    const known = newest.get(name)
    if (known === undefined || (record.time ?? Infinity) >= (known.time ?? Infinity)) newest.set(name, record)
  }
  return newest
}

/**
 * SenML JSON (RFC 8428), a message of the `telemetry` leaf that is an array. A message is *one* reading: of each vital the newest record counts, and the
 * newest time of those is `deviceTime` (null when none has one). Older samples of the same vital in a pack stay in the log's original bytes
 * only. `seq` is null: SenML has none. Text records `fw`/`firmware` and numbers `bat`/`battery` are not vitals; other texts are passed over.
 * Units are converted to the table's; a vital in a unit that cannot be its own is a dead letter, not a wrong value.
 */
export const decodeSenmlJson = (pack: readonly unknown[], context: MessageContext, limits: DecodeLimits): Decoded => {
  if (pack.length > limits.senmlRecordsMax) return deadLetter('too-many-vitals', `more than ${limits.senmlRecordsMax} records`)
  const resolved = resolveSenml(pack, context.receivedAt)
  if (!resolved.ok) return deadLetter('bad-senml', resolved.detail)
  const vitals: Record<string, number> = {}
  const sentinels: Record<string, number> = {}
  let [count, marked] = [0, false]
  let deviceTime: number | null = null
  let firmware: string | null = null
  let battery: number | null = null
  for (const [name, { value, text, unit, time }] of newestByVital(resolved.records)) {
    if (time !== null && !(time >= 0 && time <= limits.timestampMsMax)) {
      return deadLetter('bad-timestamp', 'a time is not between 1970 and the year 2100')
    }
    if (time !== null && (deviceTime === null || time > deviceTime)) deviceTime = time
    if (value === null) {
      if (firmwareNames.has(name) && text !== '') firmware = text!.toWellFormed()
      continue
    }
    if (batteryNames.has(name)) {
      const percent = unit === '/' ? value * 100 : value
      if (percent >= 0 && percent <= 100) battery = percent + 0
      continue
    }
    if (!isVitalName(name)) return deadLetter('bad-senml', `a vital's name of ${name.length} characters is not allowed`)
    if (++count > limits.vitalsMax) return deadLetter('too-many-vitals', `more than ${limits.vitalsMax} vitals`)
    if (isSentinel(name, value)) {
      sentinels[name] = value + 0
      marked = true
      continue
    }
    const converted = inUnitOfVital(name, unit, value)
    if (converted === null) return deadLetter('bad-senml', `${name} has a unit that is not one of its own`)
    if (!Number.isFinite(converted)) return deadLetter('bad-vitals', `${name} is not a finite number`)
    vitals[name] = converted + 0
  }
  if (count === 0) return deadLetter('no-vitals', 'no record is a number of a vital')
  const { origin } = context
  const observation: Reading = {
    kind: 'reading',
    receivedAt: context.receivedAt,
    device: origin.device,
    site: origin.site,
    model: origin.model,
    session: origin.session,
    deviceTime: clampToFuture(deviceTime, context.receivedAt, limits),
    seq: null,
    firmware,
    vitals,
    bytes: context.bytes,
    payloadHash: context.payloadHash,
    redelivered: context.redelivered,
  }
  if (battery !== null) observation.batteryPercent = battery
  if (marked) observation.sentinels = sentinels
  return { outcome: 'ok', observation }
}

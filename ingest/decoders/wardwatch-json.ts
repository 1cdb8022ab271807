import type { Decoded } from '../../contracts/decode.ts'
import type { Reading } from '../../contracts/observation.ts'
import type { DecodeLimits } from '../decode-limits.ts'
import { clampToFuture, readDeviceTime } from '../device-time.ts'
import type { LayoutReading } from '../layout-reader.ts'
import { type MessageContext, deadLetter } from '../verdict.ts'
import { type VitalValues, readVitals } from '../vital-values.ts'

const shortText = (value: unknown, lengthMax: number): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= lengthMax ? value.toWellFormed() : null

const isSequence = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isBattery = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 100

interface Told {
  readonly deviceTime: number | null
  readonly seq: number | null
  readonly firmware: string | null
  readonly boot: string | null
  readonly battery: number | null
  readonly vitals: Record<string, number>
  readonly sentinels: Record<string, number> | null
}

const toReading = (told: Told, { origin, receivedAt, bytes, payloadHash, redelivered }: MessageContext, limits: DecodeLimits): Decoded => {
  const { boot, battery, sentinels, firmware, vitals } = told
  const { device, site, model, session } = origin
  const deviceTime = clampToFuture(told.deviceTime, receivedAt, limits)
  const seq = told.seq === null ? null : told.seq + 0
  // The literal twice: a member added afterwards costs a further piece of memory, and nearly every message has a boot id.
  const observation: Reading =
    boot === null
      ? { kind: 'reading', receivedAt, device, site, model, session, deviceTime, seq, firmware, vitals, bytes, payloadHash, redelivered }
      : {
          kind: 'reading',
          receivedAt,
          device,
          site,
          model,
          session,
          deviceTime,
          seq,
          firmware,
          vitals,
          bytes,
          payloadHash,
          redelivered,
          bootId: boot,
        }
  if (battery !== null) observation.batteryPercent = battery + 0
  if (sentinels !== null) observation.sentinels = sentinels
  return { outcome: 'ok', observation }
}

/**
 * Wardwatch JSON, a message of the `telemetry` leaf:
 *
 *   {"ts": 1795466400123, "seq": 42, "fw": "2.4.1", "bat": 87, "boot": "b7f1", "vitals": {"hr": 72, "spo2": 97}}
 *
 * `ts` ms since the epoch or RFC 3339 with a zone; `seq` a whole number from 0; `bat` 0..100 %. All but `vitals` may be missing.
 * What a detector builds on (`ts`, `seq`, `vitals`) is checked: a wrong one is a dead letter. `fw`, `bat` and `boot` are ornaments: a wrong one is
 * as if not sent, and costs no reading. Members that Wardwatch does not know are passed over; of a name given twice the last counts.
 */
export const decodeWardwatchJson = (message: Record<string, unknown>, context: MessageContext, limits: DecodeLimits): Decoded => {
  const deviceTime = readDeviceTime(message['ts'], limits)
  if (deviceTime === undefined) return deadLetter('bad-timestamp', 'ts is not a time between 1970 and the year 2100')
  const seq = message['seq'] ?? null
  if (seq !== null && !isSequence(seq)) return deadLetter('bad-sequence', 'seq is not a whole number from 0')
  const read: VitalValues = readVitals(message['vitals'], limits.vitalsMax)
  if (!read.ok) return deadLetter(read.reason, read.detail)
  const firmware = shortText(message['fw'], limits.textLengthMax)
  const boot = shortText(message['boot'], limits.textLengthMax)
  const battery = isBattery(message['bat']) ? message['bat'] : null
  return toReading({ deviceTime, seq, firmware, boot, battery, vitals: read.vitals, sentinels: read.sentinels }, context, limits)
}

/** The same for a message whose layout is known; null for one that has to be parsed to be judged. */
export const readingOfLayout = (found: LayoutReading, context: MessageContext, limits: DecodeLimits): Decoded | null => {
  const { ts, seq, firmware, boot, battery, vitals } = found
  const deviceTime = readDeviceTime(ts, limits)
  if (deviceTime === undefined || (seq !== null && !isSequence(seq)) || (battery !== null && !isBattery(battery))) return null
  return toReading({ deviceTime, seq, firmware, boot, battery, vitals, sentinels: null }, context, limits)
}

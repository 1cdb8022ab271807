import type { Decoded } from '../../contracts/decode.ts'
import type { Reading } from '../../contracts/observation.ts'
import type { DecodeLimits } from '../decode-limits.ts'
import { clampToFuture, readDeviceTime } from '../device-time.ts'
import { type MessageContext, deadLetter } from '../verdict.ts'
import { readVitals } from '../vital-values.ts'

const shortText = (value: unknown, lengthMax: number): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= lengthMax ? value.toWellFormed() : null

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
  const given = message['seq']
  const seq = given === undefined || given === null ? null : given
  if (seq !== null && !(typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0)) {
    return deadLetter('bad-sequence', 'seq is not a whole number from 0')
  }
  const read = readVitals(message['vitals'], limits.vitalsMax)
  if (!read.ok) return deadLetter(read.reason, read.detail)
  const { origin } = context
  const observation: Reading = {
    kind: 'reading',
    receivedAt: context.receivedAt,
    device: origin.device,
    site: origin.site,
    model: origin.model,
    session: origin.session,
    deviceTime: clampToFuture(deviceTime, context.receivedAt, limits),
    seq: seq === null ? null : seq + 0,
    firmware: shortText(message['fw'], limits.textLengthMax),
    vitals: read.vitals,
    bytes: context.bytes,
    payloadHash: context.payloadHash,
    redelivered: context.redelivered,
  }
  const boot = shortText(message['boot'], limits.textLengthMax)
  if (boot !== null) observation.bootId = boot
  const battery = message['bat']
  if (typeof battery === 'number' && battery >= 0 && battery <= 100) observation.batteryPercent = battery + 0
  if (read.sentinels !== null) observation.sentinels = read.sentinels
  return { outcome: 'ok', observation }
}

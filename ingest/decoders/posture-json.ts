import type { Decoded } from '../../contracts/decode.ts'
import { type Posture, posture } from '../../contracts/observation.ts'
import type { DecodeLimits } from '../decode-limits.ts'
import { clampToFuture, readDeviceTime } from '../device-time.ts'
import { type MessageContext, deadLetter } from '../verdict.ts'

const changes: ReadonlySet<string> = new Set(posture.shape.change.options)

export const isPostureEvent = (event: unknown): event is Posture['change'] => typeof event === 'string' && changes.has(event)

/** Devices write a parameter's value as a number or a flag too; anything structured is refused (undefined). */
const valueText = (value: unknown, lengthMax: number): string | null | undefined => {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value.slice(0, lengthMax).toWellFormed()
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return undefined
}

/**
 * A change in a device's posture, a message of the `event` leaf:
 *
 *   {"ts": 1795466400123, "event": "therapy", "subject": "basal rate", "from": 0.8, "to": 2.4, "actor": "nurse-17"}
 *
 * `event` is firmware, ota, configuration, therapy or login; `subject` is needed. Texts over `textLengthMax` are cut: the event counts.
 */
export const decodePostureJson = (message: Record<string, unknown>, context: MessageContext, limits: DecodeLimits): Decoded => {
  const change = message['event']
  if (!isPostureEvent(change)) return deadLetter('bad-event', `event is not one of ${[...changes].join(', ')}`)
  const deviceTime = readDeviceTime(message['ts'], limits)
  if (deviceTime === undefined) return deadLetter('bad-timestamp', 'ts is not a time between 1970 and the year 2100')
  const subject = message['subject']
  if (typeof subject !== 'string' || subject === '') return deadLetter('bad-event', 'subject is not a text')
  const [from, to, actor] = [message['from'], message['to'], message['actor']].map((value) => valueText(value, limits.textLengthMax))
  if (from === undefined || to === undefined || actor === undefined) {
    return deadLetter('bad-event', 'from, to and actor are texts, numbers, flags or null')
  }
  const { origin } = context
  return {
    outcome: 'ok',
    observation: {
      kind: 'posture',
      receivedAt: context.receivedAt,
      device: origin.device,
      site: origin.site,
      model: origin.model,
      session: origin.session,
      deviceTime: clampToFuture(deviceTime, context.receivedAt, limits),
      change,
      subject: subject.slice(0, limits.textLengthMax).toWellFormed(),
      from,
      to,
      actor,
    },
  }
}

import type { IPublishPacket } from 'mqtt'
import type { DeadLetterReason } from '../contracts/decode.ts'
import { type DeadLetter, deadLetter } from '../contracts/dead-letter.ts'
import { encodeMessage, encodeMessageHeader } from '../contracts/envelope.ts'
import { type AppendRecord, logValueBytesMax } from '../contracts/event-log.ts'
import { parseTopicPattern } from './topic-pattern.ts'

export interface BridgedRecord extends AppendRecord {
  readonly topic: 'observations.by-device.v1' | 'dead-letters.v1'
}

/** How much of a message that became a dead letter is kept, bytes. */
const keptBytesMax = 65_536
/** Encoded headers kept; they are made anew after that many devices and leaves. */
const headersMax = 100_000
/** An envelope's fixed part and its longest header fit well into this. */
const envelopeOverheadMax = 2_048

/**
 * Turns a message of another broker into the record that our own edge would have written, or, if its topic does not fit or it is larger than a record
 * of the log, into a dead letter with its bytes. @throws RangeError for a bad topic pattern.
 */
export const createBridgeRecords = (settings: {
  readonly name: string
  readonly topicPattern: string
  readonly model: string
  readonly session: string
}): ((packet: Pick<IPublishPacket, 'topic' | 'payload' | 'dup'>, receivedAt: number) => BridgedRecord) => {
  const match = parseTopicPattern(settings.topicPattern)
  const headers = new Map<string, Buffer>()
  const { name, model, session } = settings

  const bury = (reason: DeadLetterReason, detail: string, topic: string, payload: Buffer, receivedAt: number): BridgedRecord => {
    const letter: DeadLetter = {
      reason,
      detail,
      receivedAt,
      origin: topic.slice(0, 256).toWellFormed(),
      device: null,
      site: null,
      payloadBase64: payload.subarray(0, keptBytesMax).toString('base64'),
    }
    return { topic: 'dead-letters.v1', key: `bridge:${name}`, value: Buffer.from(JSON.stringify(deadLetter.parse(letter))) }
  }

  return ({ topic, payload, dup }, receivedAt) => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    const matched = match(topic)
    if (matched === null) return bury('unknown-leaf', `the topic does not fit the pattern of bridge ${name}`, topic, bytes, receivedAt)
    if (bytes.length > logValueBytesMax - envelopeOverheadMax) return bury('too-large', `${bytes.length} bytes`, topic, bytes, receivedAt)
    let header = headers.get(topic)
    if (header === undefined) {
      if (headers.size >= headersMax) headers.clear()
      header = encodeMessageHeader({ ...matched, model, session })
      headers.set(topic, header)
    }
    return { topic: 'observations.by-device.v1', key: matched.device, value: encodeMessage(header, bytes, receivedAt, dup) }
  }
}

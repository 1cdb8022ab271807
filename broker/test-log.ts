import { decodeMessageHeader, envelopeText, envelopeTime, isClock, messageParts } from '../contracts/envelope.ts'
import { type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import type { LogTopicName } from '../contracts/log-topics.ts'
import type { Session } from '../contracts/observation.ts'

/** A record as a test looks at it. */
export interface SeenRecord {
  readonly topic: LogTopicName
  readonly partition: number
  readonly key: string
  readonly receivedAt: number
  readonly kind: 'message' | 'session' | 'clock'
  readonly leaf?: string
  readonly device?: string
  readonly session?: string
  readonly payload?: string
  readonly dup?: boolean
  readonly observation?: Session
}

/** `ok`; `reject`: a full disk; `hang`: appends settle only when the mode changes; `slow`: each takes 30 ms. */
export type LogMode = 'ok' | 'reject' | 'hang' | 'slow'

/** A log for tests of the edge: it tells each record as it becomes "durable" and misbehaves on demand. Only appends. */
export interface SteerableLog extends EventLog {
  setMode(mode: LogMode): void
}

const seen = (topic: LogTopicName, partition: number, key: string, value: Uint8Array): SeenRecord => {
  const base = { topic, partition, key, receivedAt: envelopeTime(value) }
  if (isClock(value)) return { ...base, kind: 'clock' }
  const parts = messageParts(value)
  if (parts === null) return { ...base, kind: 'session', observation: JSON.parse(envelopeText(value)) as Session }
  const { leaf, device, session } = decodeMessageHeader(parts.header)!
  return { ...base, kind: 'message', leaf, device, session, payload: Buffer.from(parts.payload).toString('latin1'), dup: parts.dup }
}

export const createSteerableLog = (tell: (record: SeenRecord) => void): SteerableLog => {
  let mode: LogMode = 'ok'
  let hanging: (() => void)[] = []
  const notForReading = (): never => {
    throw new Error('this log is only appended to')
  }
  return {
    setMode(next) {
      mode = next
      const waiting = hanging
      hanging = []
      if (next !== 'hang') for (const go of waiting) go()
    },
    async append(topic, records) {
      if (mode === 'reject') throw new LogUnavailable('disk-full', 'no space is left')
      if (mode === 'hang') await new Promise<void>((resolve) => hanging.push(resolve))
      if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 30))
      for (const { key, value, partition } of records) tell(seen(topic, partition!, key, value))
    },
    consume: notForReading,
    ranges: notForReading,
    read: notForReading,
    stats: () => ({}),
    close: async () => {},
  }
}

import { encodeObservation } from '../contracts/envelope.ts'
import { logTopics } from '../contracts/log-topics.ts'
import type { RefusalReason, Session as SessionObservation, SessionEvent } from '../contracts/observation.ts'
import { partitionOf } from '../contracts/partitioner.ts'
import type { EdgeTime } from './edge-time.ts'
import type { Outbox } from './outbox.ts'
import type { Session } from './session.ts'
import { createRecentMap } from './recent-map.ts'

/** Who an observation is about: as much as is known of the connection. */
export type Subject = Omit<SessionObservation, 'kind' | 'receivedAt' | 'event' | 'reason' | 'topic' | 'amount'>

export interface Occurrence {
  readonly event: SessionEvent
  readonly reason?: RefusalReason | (string & {})
  readonly topic?: string
  readonly amount?: number
  /**
   * How a flood of the same is told: once at once, then at most once a second. `count`: the amount is how many there
   * were; `largest`: the largest amount among them. Without it each occurrence is told by itself.
   */
  readonly merge?: 'count' | 'largest'
}

/** Reports what happened to connections. `provenDevice` is who it is recorded under besides its address; null for an unproven claim. */
export interface Observer {
  report(subject: Subject, provenDevice: string | null, occurrence: Occurrence): void
  /** Tells the other edges that a device has signed in here. False when the log's queue was full: it was dropped. */
  announce(subject: Subject, device: string): boolean
  /** Tells what was merged and has waited a second; called by the edge's sweep with what has elapsed. */
  sweep(nowMs: number): void
  readonly dropped: number
}

interface Merged {
  told: number
  untold: number
  largest: number
  subject: Subject
  provenDevice: string | null
  occurrence: Occurrence
}

const mergeMs = 1_000
const mergedMax = 20_000
const connects = 'connects.v1'
const bySource = 'observations.by-source.v1'
const byDevice = 'observations.by-device.v1'

export const createObserver = (
  outbox: Pick<Outbox<Session>, 'record'>,
  time: Pick<EdgeTime, 'stampMs' | 'elapsedMs'>,
  counted: (occurrence: Occurrence) => void,
): Observer => {
  let dropped = 0

  const encode = (subject: Subject, { event, reason, topic, amount }: Occurrence): Buffer => {
    const observation: SessionObservation = {
      kind: 'session',
      receivedAt: time.stampMs(),
      event,
      ...subject,
      reason: reason ?? null,
      topic: topic ?? null,
      amount: amount ?? null,
    }
    return encodeObservation(observation)
  }

  const tell = (subject: Subject, provenDevice: string | null, occurrence: Occurrence): void => {
    const value = encode(subject, occurrence)
    const partition = partitionOf(subject.address, logTopics[bySource].partitions)
    if (!outbox.record(bySource, { key: subject.address, value, partition })) dropped++
    if (provenDevice === null) return
    const record = { key: provenDevice, value, partition: partitionOf(provenDevice, logTopics[byDevice].partitions) }
    if (!outbox.record(byDevice, record)) dropped++
  }

  const flushMerged = (entry: Merged): void => {
    if (entry.untold === 0) return
    const { occurrence } = entry
    tell(entry.subject, entry.provenDevice, { ...occurrence, amount: occurrence.merge === 'largest' ? entry.largest : entry.untold })
    entry.untold = 0
    entry.largest = 0
  }

  const merged = createRecentMap<Merged | { told: -1 }>(
    mergedMax,
    () => ({ told: -1 }),
    (entry) => {
      if (entry.told !== -1) flushMerged(entry as Merged)
      return true
    },
  )

  return {
    report(subject, provenDevice, occurrence) {
      counted(occurrence)
      if (occurrence.merge === undefined) {
        tell(subject, provenDevice, occurrence)
        return
      }
      const key = `${provenDevice ?? subject.address} ${occurrence.event} ${occurrence.reason ?? ''}`
      const now = time.elapsedMs()
      const known = merged.get(key)
      if (known.told === -1) {
        Object.assign(known, { told: now, untold: 0, largest: 0, subject, provenDevice, occurrence } satisfies Merged)
        tell(subject, provenDevice, occurrence.merge === 'count' ? { ...occurrence, amount: 1 } : occurrence)
        return
      }
      const entry = known as Merged
      entry.untold++
      if (entry.largest < (occurrence.amount ?? 0)) entry.largest = occurrence.amount ?? 0
      entry.subject = subject
      entry.provenDevice = provenDevice
      entry.occurrence = occurrence
      if (now - entry.told >= mergeMs) {
        entry.told = now
        flushMerged(entry)
      }
    },
    announce(subject, device) {
      const partition = partitionOf(device, logTopics[connects].partitions)
      return outbox.record(connects, { key: device, value: encode(subject, { event: 'connect' }), partition })
    },
    sweep(nowMs) {
      for (const entry of merged.values()) {
        if (entry.told === -1 || nowMs - entry.told < mergeMs) continue
        const due = entry as Merged
        if (due.untold > 0) {
          due.told = nowMs
          flushMerged(due)
        }
      }
    },
    get dropped() {
      return dropped
    },
  }
}

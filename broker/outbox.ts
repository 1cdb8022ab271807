import type { Clock } from '../contracts/clock.ts'
import { type AppendRecord, type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import { createPlainParcel, type LogParcel } from '../contracts/log-parcel.ts'
import type { LogTopicName } from '../contracts/log-topics.ts'
import type { Logger } from '../contracts/logger.ts'
import type { EdgeLimits } from './limits.ts'

/** Whoever waits for messages to be durable: a connection. The outbox keeps these fields; `acks*` are the owner's to write out. */
export interface AckOwner {
  /** Acknowledgements in arrival order that wait for the next flush, and those of the flush under way. */
  acks: number[]
  acksFlying: number[]
  /** Messages that wait for the next flush, and those of the flush under way. */
  waiting: number
  flying: number
  /** When the first message of each arrived, ms. */
  waitingSince: number
  flyingSince: number
  /** Whether the owner stands in the list of the next flush. */
  queued: boolean
}

/** Where messages of one kind go in `observations.by-device.v1`, and what stands before each payload. */
export interface LogPlace {
  readonly partition: number
  readonly key: Buffer
  /** Stamped for the message that is about to go out: it is copied with it. */
  readonly head: Buffer
}

/**
 * What is to become durable, in one order. One flush is under way at a time and the next one gathers meanwhile, so what
 * was stamped earlier is never in the log later (a retry repeats the same flush before the next one starts), and
 * acknowledgements leave in arrival order by construction.
 */
export interface Outbox<Owner extends AckOwner> {
  /**
   * A message of `owner`, its payload the bytes of `source` from `from` up to `to`; with `ack` >= 0 that acknowledgement is due when
   * it is durable. The hot path: everything is copied at once, and no object is made.
   */
  message(owner: Owner, place: LogPlace, source: Buffer, from: number, to: number, ack: number, nowMs: number): void
  /** An acknowledgement that stores nothing but keeps its place in the order. */
  ackOnly(owner: Owner, ack: number, nowMs: number): void
  /** A record that nobody waits for. False when `observationsQueuedMax` wait already: it was dropped. */
  record(topic: LogTopicName, record: AppendRecord): boolean
  /** Messages and bytes that are not yet durable. */
  readonly messages: number
  readonly bytes: number
  /** Why nothing can be made durable now; null when it can. */
  readonly unavailable: string | null
  readonly flushes: number
  readonly logErrors: number
  /** Resolves when all is durable or `deadlineMs` have passed; answers whether all is. */
  drain(deadlineMs: number): Promise<boolean>
  /** Stops retrying: what is not durable now will never be acknowledged. */
  stop(): void
}

interface Flush<Owner> {
  owners: Owner[]
  /** By topic, made when first needed. */
  readonly parcels: Partial<Record<LogTopicName, LogParcel>>
  bytes: number
  messages: number
  observations: number
  startedAt: number
}

const recordOverheadBytes = 64
const retryMsMin = 50
const retryMsMax = 1_000
const byDevice = 'observations.by-device.v1'
const nothing = Buffer.alloc(0)

const emptyFlush = <Owner>(): Flush<Owner> => ({
  owners: [],
  parcels: {},
  bytes: 0,
  messages: 0,
  observations: 0,
  startedAt: 0,
})

/** `durable` is called once per owner and flush, when all of the flush is on disk. Records must carry their partition. */
export const createOutbox = <Owner extends AckOwner>(options: {
  log: EventLog
  clock: Clock
  logger: Logger
  limits: Pick<EdgeLimits, 'lingerMsMax' | 'batchRecordsMin' | 'observationsQueuedMax' | 'logStallMs'>
  durable: (owner: Owner, nowMs: number) => void
  settled: () => void
}): Outbox<Owner> => {
  const { log, clock, logger, limits, durable, settled } = options
  const { lingerMsMax, batchRecordsMin } = limits
  let waiting = emptyFlush<Owner>()
  let flying: Flush<Owner> | null = null
  let spare: Flush<Owner> | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let immediate = false
  let bytes = 0
  let flushes = 0
  let logErrors = 0
  let failure: string | null = null
  let stopped = false
  let retryTimer: ReturnType<typeof setTimeout> | null = null
  let drained: (() => void)[] = []

  const isEmpty = (flush: Flush<Owner>): boolean => flush.messages === 0 && flush.observations === 0 && flush.owners.length === 0

  const schedule = (): void => {
    if (flying !== null || stopped) return
    if (waiting.messages >= batchRecordsMin || drained.length > 0) {
      if (immediate) return
      immediate = true
      // After the reads of this turn of the event loop: what they bring shares the flush and the acknowledgement's write.
      setImmediate(() => {
        immediate = false
        flush()
      })
    } else if (timer === null && !immediate) {
      timer = setTimeout(flush, lingerMsMax)
    }
  }

  const flush = (): void => {
    if (timer !== null) {
      clearTimeout(timer)
      timer = null
    }
    if (flying !== null || stopped || isEmpty(waiting)) return
    const batch = waiting
    flying = batch
    waiting = spare ?? emptyFlush()
    spare = null
    flushes++
    batch.startedAt = clock.now()
    for (let i = 0; i < batch.owners.length; i++) {
      const owner = batch.owners[i]!
      const acks = owner.acksFlying
      owner.acksFlying = owner.acks
      owner.acks = acks
      owner.flying = owner.waiting
      owner.waiting = 0
      owner.flyingSince = owner.waitingSince
      owner.queued = false
    }
    let pending = 1
    const done = (): void => {
      if (--pending === 0) complete(batch)
    }
    for (const parcel of Object.values(batch.parcels)) {
      if (parcel.records === 0) continue
      pending++
      append(parcel, retryMsMin, done)
    }
    // Nothing but acknowledgements: due at once.
    done()
  }

  const append = (parcel: LogParcel, retryMs: number, done: () => void): void => {
    if (stopped) return
    let attempt: Promise<void>
    try {
      attempt = parcel.append()
    } catch (error) {
      attempt = Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
    const failed = (error: unknown): void => {
      logErrors++
      if (failure === null) logger.error({ err: error }, 'the log takes nothing: not acknowledging, trying again')
      failure = error instanceof LogUnavailable ? error.reason : 'failed'
      if (stopped) return
      retryTimer = setTimeout(append, retryMs, parcel, Math.min(retryMs * 2, retryMsMax), done)
    }
    // Two handlers of one promise, not a chain: this runs some hundred times a second.
    // oxlint-disable-next-line promise/no-callback-in-promise
    attempt.then(done, failed)
  }

  const complete = (batch: Flush<Owner>): void => {
    if (stopped) return
    if (failure !== null) logger.info({}, 'the log takes records again')
    failure = null
    bytes -= batch.bytes
    const { owners } = batch
    const nowMs = clock.now()
    for (let i = 0; i < owners.length; i++) durable(owners[i]!, nowMs)
    owners.length = 0
    for (const parcel of Object.values(batch.parcels)) if (parcel.records > 0) parcel.clear()
    batch.bytes = batch.messages = batch.observations = 0
    spare = batch
    flying = null
    settled()
    if (isEmpty(waiting)) {
      for (const resolve of drained) resolve()
      drained = []
    } else schedule()
  }

  const parcelOf = (topic: LogTopicName): LogParcel =>
    (waiting.parcels[topic] ??= log.createParcel?.(topic) ?? createPlainParcel((records) => log.append(topic, records)))

  const enlist = (owner: Owner, nowMs: number): void => {
    owner.queued = true
    owner.waitingSince = nowMs
    waiting.owners.push(owner)
  }

  /** A broker that is away may be followed by another: all devices of all edges would be sent away for that, and come back at once. */
  const unavailable = (): string | null => {
    if (failure !== null && failure !== 'broker-away') return failure
    return flying !== null && clock.now() - flying.startedAt > limits.logStallMs ? (failure ?? 'stalled') : null
  }

  return {
    message(owner, place, source, from, to, ack, nowMs) {
      const parcel = waiting.parcels[byDevice] ?? parcelOf(byDevice)
      parcel.add(place.partition, place.key, place.head, source, from, to)
      if (!owner.queued) enlist(owner, nowMs)
      owner.waiting++
      if (ack >= 0) owner.acks.push(ack)
      const size = place.head.length + to - from + recordOverheadBytes
      bytes += size
      waiting.bytes += size
      if (++waiting.messages === 1 || waiting.messages === batchRecordsMin) schedule()
    },
    ackOnly(owner, ack, nowMs) {
      if (!owner.queued) enlist(owner, nowMs)
      owner.waiting++
      owner.acks.push(ack)
      if (++waiting.messages === 1 || waiting.messages === batchRecordsMin) schedule()
    },
    record(topic, record) {
      if (waiting.observations >= limits.observationsQueuedMax) return false
      const size = record.value.length + recordOverheadBytes
      bytes += size
      waiting.bytes += size
      parcelOf(topic).add(record.partition!, Buffer.from(record.key), record.value, nothing, 0, 0)
      if (++waiting.observations === 1 && waiting.messages === 0) schedule()
      return true
    },
    get messages() {
      return waiting.messages + (flying?.messages ?? 0)
    },
    get bytes() {
      return bytes
    },
    get unavailable() {
      return unavailable()
    },
    get flushes() {
      return flushes
    },
    get logErrors() {
      return logErrors
    },
    async drain(deadlineMs) {
      if (flying === null && isEmpty(waiting)) return true
      let late: ReturnType<typeof setTimeout> | null = null
      const all = new Promise<boolean>((resolve) => {
        late = setTimeout(resolve, deadlineMs, false)
        drained.push(() => resolve(true))
      })
      schedule()
      const answer = await all
      if (late !== null) clearTimeout(late)
      return answer
    },
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      if (retryTimer !== null) clearTimeout(retryTimer)
    },
  }
}

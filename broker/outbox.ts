import type { Clock } from '../contracts/clock.ts'
import { type AppendRecord, type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import { type LogTopicName, logTopics } from '../contracts/log-topics.ts'
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

/**
 * What is to become durable, in one order. One flush is under way at a time and the next one gathers meanwhile, so what
 * was stamped earlier is never in the log later (a retry repeats the same flush before the next one starts), and
 * acknowledgements leave in arrival order by construction.
 */
export interface Outbox<Owner extends AckOwner> {
  /** A message of `owner`; with `ack` >= 0 that acknowledgement is due when it is durable. The hot path. */
  message(owner: Owner, record: AppendRecord, ack: number, nowMs: number): void
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
  /** Records by topic and partition: slot = the topic's first slot + partition. */
  slots: AppendRecord[][]
  bytes: number
  messages: number
  observations: number
  startedAt: number
}

const recordOverheadBytes = 64
/** How long nothing may come before a busy linger ends: longer than a turn of the event loop under load. */
const busyStepMs = 4
const retryMsMin = 50
const retryMsMax = 1_000
const topics = Object.keys(logTopics) as LogTopicName[]
const firstSlot = {} as Record<LogTopicName, number>
const slotTopic: LogTopicName[] = []
for (const topic of topics) {
  firstSlot[topic] = slotTopic.length
  for (let i = 0; i < logTopics[topic].partitions; i++) slotTopic.push(topic)
}
const deviceSlot = firstSlot['observations.by-device.v1']

const emptyFlush = <Owner>(): Flush<Owner> => ({
  owners: [],
  slots: slotTopic.map(() => []),
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
  limits: Pick<
    EdgeLimits,
    'lingerMsMax' | 'lingerBusyMsMax' | 'busyRecordsMin' | 'batchRecordsMin' | 'observationsQueuedMax' | 'logStallMs'
  >
  durable: (owner: Owner, nowMs: number) => void
  settled: () => void
}): Outbox<Owner> => {
  const { log, clock, logger, limits, durable, settled } = options
  const { lingerMsMax, lingerBusyMsMax, busyRecordsMin, batchRecordsMin } = limits
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
      timer = setTimeout(lingered, lingerMsMax, lingerMsMax, 0)
    }
  }

  /**
   * The linger is over. A flush costs the same whether it takes a hundred messages or a thousand, so while they keep coming fast
   * it waits on, in small steps, until a step brings nothing or `lingerBusyMsMax` have passed.
   */
  const lingered = (waitedMs: number, messagesBefore: number): void => {
    const { messages } = waiting
    const stepMs = Math.min(busyStepMs, lingerBusyMsMax - waitedMs)
    if (stepMs > 0 && messages >= busyRecordsMin && messages > messagesBefore && drained.length === 0) {
      timer = setTimeout(lingered, stepMs, waitedMs + stepMs, messages)
      return
    }
    timer = null
    flush()
  }

  const flush = (): void => {
    if (flying !== null || stopped || isEmpty(waiting)) return
    if (timer !== null) {
      clearTimeout(timer)
      timer = null
    }
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
    for (let slot = 0; slot < batch.slots.length; slot++) {
      if (batch.slots[slot]!.length === 0) continue
      pending++
      append(slotTopic[slot]!, batch.slots[slot]!, retryMsMin, done)
    }
    // Nothing but acknowledgements: due at once.
    done()
  }

  const append = (topic: LogTopicName, records: AppendRecord[], retryMs: number, done: () => void): void => {
    if (stopped) return
    let attempt: Promise<void>
    try {
      attempt = log.append(topic, records)
    } catch (error) {
      attempt = Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
    const failed = (error: unknown): void => {
      logErrors++
      if (failure === null) logger.error({ err: error, topic }, 'the log takes nothing: not acknowledging, trying again')
      failure = error instanceof LogUnavailable ? error.reason : 'failed'
      if (stopped) return
      retryTimer = setTimeout(append, retryMs, topic, records, Math.min(retryMs * 2, retryMsMax), done)
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
    for (const records of batch.slots) if (records.length > 0) records.length = 0
    batch.bytes = batch.messages = batch.observations = 0
    spare = batch
    flying = null
    settled()
    if (isEmpty(waiting)) {
      for (const resolve of drained) resolve()
      drained = []
    } else schedule()
  }

  const enlist = (owner: Owner, nowMs: number): void => {
    owner.queued = true
    owner.waitingSince = nowMs
    waiting.owners.push(owner)
  }

  const unavailable = (): string | null =>
    failure ?? (flying !== null && clock.now() - flying.startedAt > limits.logStallMs ? 'stalled' : null)

  return {
    message(owner, record, ack, nowMs) {
      if (!owner.queued) enlist(owner, nowMs)
      owner.waiting++
      if (ack >= 0) owner.acks.push(ack)
      const size = record.value.length + recordOverheadBytes
      bytes += size
      waiting.bytes += size
      waiting.slots[deviceSlot + record.partition!]!.push(record)
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
      waiting.slots[firstSlot[topic] + record.partition!]!.push(record)
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

import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import { envelopeTime, isClock } from '../../contracts/envelope.ts'
import type { LogRecord } from '../../contracts/event-log.ts'
import type { Finding, LogPosition } from '../../contracts/finding.ts'
import { type KeyedBy, type LogTopicName, topicByKey } from '../../contracts/log-topics.ts'
import type { Observation, Presence } from '../../contracts/observation.ts'
import { completeFinding } from './complete-finding.ts'
import { decodeKeyEntry, encodeKeyEntry } from './key-entry-codec.ts'
import type { KeyEntry } from './key-entry.ts'
import { createKeyTable } from './key-table.ts'
import { decodePartitionMeta, encodePartitionMeta } from './partition-meta.ts'
import { type ProcessorCounts, countDeadLetter, createProcessorCounts } from './processor-counts.ts'
import { advanceTime, startOfTime } from './record-time.ts'
import { type Snapshot, createTouchedKeys } from './snapshot.ts'
import { type SlotContext, type StageSlot, type Stages, createStageSlots, dispatchTable } from './stage-slots.ts'
import { createStateHealth } from './state-health.ts'
import { createTimerQueue } from './timer-queue.ts'

/** What a stage did wrong, at which record. */
export interface StageFault {
  readonly stage: string
  readonly version: number
  readonly key: string
  readonly position: LogPosition
  /** `threw`: the record was skipped for this stage. `state-*`: its state was reset, or (at a checkpoint) only found too large. */
  readonly reason: 'threw' | 'state-bytes' | 'state-not-json' | 'state-unreadable'
  readonly error: unknown
}

export interface ProcessorSettings {
  /** Keys held; over it the key longest without an observation goes. */
  readonly keysMax?: number
  /** Without a clock record for longer than this the edge was away. */
  readonly outageGapMs?: number
  /** A record this much behind the watermark is counted as late. */
  readonly lateMs?: number
  /** Every so many observations of a key, and every so many firings of a timer, the size of its states is checked. */
  readonly sizeCheckSteps?: number
}

export interface ProcessorOptions extends ProcessorSettings {
  readonly topic: LogTopicName
  readonly partition: number
  readonly stages: Stages
  readonly decoder: EnvelopeDecoder
  /** @param receivedAtMs record time of the trigger */
  readonly onFinding: (finding: Finding, receivedAtMs: number) => void
  /** A derived observation, to be keyed by `cohort`. */
  readonly onDerived?: (cohort: string, observation: Presence) => void
  readonly onFault?: (fault: StageFault) => void
  /** For tests: sees every observation that reaches a stage. */
  readonly onObservation?: (key: string, observation: Observation) => void
}

/**
 * The stages of one partition: a pure function of its records. Takes them in offset order and answers with findings and derived
 * observations; reads no clock, does no I/O. Batch boundaries and restarts from a snapshot change nothing in what it says.
 *
 * A stage that throws is reported and skipped for that record; what it had emitted stands, and its half-changed state goes
 * through JSON and its schema at once (initial if it does not fit), so that it goes on with what a restart would have given it.
 */
export interface PartitionProcessor {
  readonly topic: LogTopicName
  readonly partition: number
  /** Records at or below the last offset seen are skipped. Never throws for what a record or a stage does. */
  process(records: readonly LogRecord[]): void
  /** Keys that the next snapshot would write. */
  readonly touchedKeys: number
  /** Begins a snapshot as of now, between two calls of `process`. @param nextOffset where to go on after a restore */
  beginSnapshot(nextOffset: number): Snapshot
  /** Restores into a new processor; answers where to go on, null when there is no usable checkpoint. */
  restore(entries: AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>): Promise<number | null>
  counts(): ProcessorCounts
}

/** An endless loop of emits must not fill the memory: more than this in one call of a stage is a fault. */
const emitsPerCallMax = 64
const metaKey = 'meta'
const entryPrefix = 'key:'

export const createPartitionProcessor = (options: ProcessorOptions): PartitionProcessor => {
  const { topic, partition, stages, decoder, onFinding, onDerived, onFault, onObservation } = options
  const { keysMax = 50_000, outageGapMs = 5_000, lateMs = 60_000, sizeCheckSteps = 1_024 } = options
  const keyedBy = (Object.keys(topicByKey) as KeyedBy[]).find((key) => topicByKey[key] === topic)
  if (keyedBy === undefined) throw new RangeError(`${topic} brings no observations`)

  const counts = createProcessorCounts()
  const time = startOfTime()
  const timers = createTimerQueue()
  const touched = createTouchedKeys()

  // What is running, for the contexts.
  let offset = -1
  let triggerAtMs = 0
  let running: StageSlot | null = null
  let current: KeyEntry | null = null
  let emits = 0
  let findingsOfRecord = 0
  const ordinals = new Map<string, number>()

  const position = (): LogPosition => ({ topic, partition, offset })

  const assertRunning = (slot: StageSlot): KeyEntry => {
    if (running !== slot || current === null) throw new Error(`${slot.id} used its context after it had returned`)
    if (emits > emitsPerCallMax) throw new RangeError(`${slot.id} emitted more than ${emitsPerCallMax} times for one record`)
    return current
  }
  const contextOf = (slotOf: () => StageSlot): SlotContext => ({
    key: '',
    nowMs: 0,
    outageEndedAtMs: 0,
    emit(draft) {
      const slot = slotOf()
      emits++
      const { key, site } = assertRunning(slot)
      if (slot.detector === null) throw new Error(`${slot.id} is a derivation: it finds nothing`)
      const identity = `${slot.index} ${key}`
      const ordinal = ordinals.get(identity) ?? 0
      const trigger = {
        key,
        site,
        position: position(),
        at: triggerAtMs,
        index: findingsOfRecord,
        ordinal,
        decoderVersion: decoder.version,
      }
      const finding = completeFinding(slot.detector, draft, trigger)
      ordinals.set(identity, ordinal + 1)
      findingsOfRecord++
      slot.findings++
      onFinding(finding, triggerAtMs)
    },
    derive(cohort, observation) {
      const slot = slotOf()
      emits++
      assertRunning(slot)
      if (slot.detector !== null) throw new Error(`${slot.id} is a detector: it derives nothing`)
      counts.derived++
      onDerived?.(cohort, observation)
    },
    wakeAt(atMs) {
      const slot = slotOf()
      const entry = assertRunning(slot)
      if (slot.timerIndex < 0) throw new Error(`${slot.id} has no onTimer to wake`)
      if (Number.isNaN(atMs)) throw new RangeError(`${slot.id} asked to be woken at NaN`)
      timers.set(entry, slot, atMs)
    },
  })

  const slots = createStageSlots(stages, keyedBy, contextOf)
  const dispatch = dispatchTable(slots)
  const timerCount = slots.filter(({ timerIndex }) => timerIndex >= 0).length
  const table = createKeyTable({
    keysMax,
    stages: slots.length,
    timers: timerCount,
    onEvict(entry) {
      counts.evictedKeys++
      touched.evict(entry)
      timers.forget(entry)
    },
  })

  const report = (slot: StageSlot, key: string, reason: StageFault['reason'], error: unknown): void => {
    slot.faults++
    onFault?.({ stage: slot.id, version: slot.stage.version, key, position: position(), reason, error })
  }
  const health = createStateHealth(timers, report)
  const threw = (slot: StageSlot, entry: KeyEntry, error: unknown): void => {
    running = null
    report(slot, entry.key, 'threw', error)
    health.throughJson(slot, entry)
  }
  /** Not before the snapshot that the entry was restored from: up to there its timers have had their turn. */
  const mayWake = (entry: KeyEntry): boolean => {
    if (offset <= entry.applied) return false
    touched.touch(entry)
    return true
  }
  const wake = (entry: KeyEntry, slot: StageSlot): void => {
    const state = entry.states[slot.index]
    if (state === undefined) return
    const { context } = slot
    context.key = entry.key
    context.nowMs = time.watermarkMs
    context.outageEndedAtMs = time.outageEndedAtMs
    triggerAtMs = time.watermarkMs
    current = entry
    running = slot
    emits = 0
    counts.timers++
    // Counted first: a reset state has fired no timer.
    const fires = entry.fires[slot.timerIndex]! + 1
    entry.fires[slot.timerIndex] = fires
    try {
      slot.stage.onTimer?.(state, slot.parameters, context)
    } catch (error) {
      threw(slot, entry, error)
    }
    running = null
    if (fires % sizeCheckSteps === 0) health.checkSize(slot, entry)
  }

  const observe = (key: string, observation: Observation, atMs: number): void => {
    const accepting = dispatch[observation.kind]
    if (accepting === undefined) return
    counts.observations[observation.kind]++
    if (accepting.length === 0) return
    let entry = table.get(key)
    if (entry === undefined) entry = table.create(key)
    else if (offset <= entry.applied) {
      counts.skipped++
      return
    }
    touched.touch(entry)
    table.touch(entry, offset, observation.kind !== 'session' || observation.event !== 'refused')
    if (observation.site !== null) entry.site = observation.site
    onObservation?.(key, observation)
    current = entry
    triggerAtMs = atMs
    const { states } = entry
    const { watermarkMs, outageEndedAtMs } = time
    for (let i = 0; i < accepting.length; i++) {
      const slot = accepting[i]!
      const { context, stage } = slot
      context.key = key
      context.nowMs = watermarkMs
      context.outageEndedAtMs = outageEndedAtMs
      running = slot
      emits = 0
      try {
        let state = states[slot.index]
        if (state === undefined) {
          state = stage.initial()
          states[slot.index] = state
        }
        stage.observe(state, observation, slot.parameters, context)
      } catch (error) {
        threw(slot, entry, error)
      }
    }
    running = null
    if (++entry.steps % sizeCheckSteps === 0) for (const slot of slots) health.checkSize(slot, entry)
  }

  const processRecord = (record: { readonly offset: number; readonly key: string; readonly value: Uint8Array }): void => {
    if (record.offset <= offset) return
    const { value } = record
    offset = record.offset
    counts.records++
    findingsOfRecord = 0
    if (ordinals.size > 0) ordinals.clear()
    const kind = value[0]
    if (value.length < 8 || kind === undefined || kind < 1 || kind > 3) return countDeadLetter(counts, 'bad-envelope')
    const atMs = envelopeTime(value)
    const clock = isClock(value)
    if (advanceTime(time, atMs, clock, outageGapMs)) timers.fire(time.watermarkMs, mayWake, wake)
    else if (time.watermarkMs - atMs > lateMs) counts.late++
    if (clock) {
      counts.clocks++
      return
    }
    let decoded
    try {
      decoded = decoder.decode(value)
    } catch {
      return countDeadLetter(counts, 'decoder-failed')
    }
    if (decoded.outcome === 'ok') observe(record.key, decoded.observation, atMs)
    else if (decoded.outcome === 'deadLetter') countDeadLetter(counts, decoded.reason)
    else counts.dropped++
  }

  return {
    topic,
    partition,
    process(records) {
      for (let i = 0; i < records.length; i++) processRecord(records[i]!)
    },
    get touchedKeys() {
      return touched.count
    },
    beginSnapshot(nextOffset) {
      const applied = offset
      const meta = encodePartitionMeta({ nextOffset, applied, time: { ...time } })
      const snapshot = touched.begin((entry) =>
        encodeKeyEntry(entry, slots, applied, (slot, reason, error) => report(slot, entry.key, reason, error)),
      )
      return {
        slice: (keys) => snapshot.slice(keys),
        entries: () => [...snapshot.entries().map(({ key, value }) => ({ key: entryPrefix + key, value })), { key: metaKey, value: meta }],
      }
    },
    async restore(stored) {
      const restored: KeyEntry[] = []
      let meta: ReturnType<typeof decodePartitionMeta> = null
      for await (const { key, value } of stored) {
        if (key === metaKey) meta = decodePartitionMeta(value)
        else if (key.startsWith(entryPrefix)) {
          const name = key.slice(entryPrefix.length)
          const entry = decodeKeyEntry(name, value, slots, timerCount, (slot, reason, error) => report(slot, name, reason, error))
          if (entry === null) counts.unreadableKeys++
          else restored.push(entry)
        }
      }
      if (meta === null) return null
      offset = meta.applied
      Object.assign(time, meta.time)
      for (const entry of restored.sort((a, b) => a.seen - b.seen)) {
        table.put(entry)
        for (const slot of slots) {
          if (slot.timerIndex >= 0 && entry.timers[slot.timerIndex] !== Infinity) timers.set(entry, slot, entry.timers[slot.timerIndex]!)
        }
      }
      return meta.nextOffset
    },
    counts: () => ({
      ...counts,
      observations: { ...counts.observations },
      deadLetters: { ...counts.deadLetters },
      keys: table.size,
      watermarkMs: time.watermarkMs,
      findings: Object.fromEntries(slots.filter(({ detector }) => detector !== null).map(({ id, findings }) => [id, findings])),
      faults: Object.fromEntries(slots.map(({ id, faults }) => [id, faults])),
    }),
  }
}

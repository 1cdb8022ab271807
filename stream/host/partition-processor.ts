import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import { envelopeTime, isClock } from '../../contracts/envelope.ts'
import type { LogRecord } from '../../contracts/event-log.ts'
import type { Finding, LogPosition } from '../../contracts/finding.ts'
import { type KeyedBy, type LogTopicName, topicByKey } from '../../contracts/log-topics.ts'
import type { Observation, Presence } from '../../contracts/observation.ts'
import { believedAt } from '../../contracts/received-at.ts'
import { decodeKeyEntry, encodeKeyEntry } from './key-entry-codec.ts'
import type { KeyEntry } from './key-entry.ts'
import { createKeyGroups } from './key-groups.ts'
import { createKeyTable } from './key-table.ts'
import { decodePartitionMeta, encodePartitionMeta } from './partition-meta.ts'
import { type ProcessorCounts, countDeadLetter, createProcessorCounts } from './processor-counts.ts'
import { advanceTime, startOfTime } from './record-time.ts'
import { createRecordTimeline } from './record-timeline.ts'
import { type Snapshot, createTouchedKeys } from './snapshot.ts'
import { type StageSlot, type Stages, createStageSlots, dispatchTable } from './stage-slots.ts'
import { createStageTurns } from './stage-turns.ts'
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

/** Records that are taken together at most: bounds the memory of a stretch. */
const stretchRecordsMax = 16_384
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
  const timeline = createRecordTimeline()
  /** The last offset seen. */
  let applied = -1

  const turns = createStageTurns({
    position: (offset) => ({ topic, partition, offset }),
    decoderVersion: decoder.version,
    wakeAt: (entry, slot, atMs) => timers.set(entry, slot, atMs),
    onFinding,
    onDerived(cohort, observation) {
      counts.derived++
      onDerived?.(cohort, observation)
    },
    onFault: (fault) => onFault?.(fault),
  })
  const { moment } = turns
  const slots = createStageSlots(stages, keyedBy, turns.contextOf)
  const dispatch = dispatchTable(slots)
  const timed = slots.filter(({ timerIndex }) => timerIndex >= 0)
  const table = createKeyTable({
    keysMax,
    stages: slots.length,
    timers: timed.length,
    onEvict(entry) {
      counts.evictedKeys++
      touched.evict(entry)
      timers.forget(entry)
    },
  })
  const groups = createKeyGroups(table)
  const health = createStateHealth(timers, turns.report)

  const moveTo = (index: number): void => {
    moment.offset = timeline.offset(index)
    moment.watermarkMs = timeline.watermarkMs(index)
    moment.outageEndedAtMs = timeline.outageEndedAtMs(index)
  }

  const wake = (entry: KeyEntry, slot: StageSlot): void => {
    const state = entry.states[slot.index]
    if (state === undefined) return
    counts.timers++
    // Counted first: a reset state has fired no timer.
    const fires = entry.fires[slot.timerIndex]! + 1
    entry.fires[slot.timerIndex] = fires
    turns.wake(slot, entry, state, health)
    if (fires % sizeCheckSteps === 0) health.checkSize(slot, entry)
  }

  /**
   * Fires the key's timers that fall due after record `after` and up to record `upTo`, each at the record that moved the watermark to it.
   * What a timer or a record sets for the past waits for the next record that moves it.
   */
  const wakeUpTo = (entry: KeyEntry, after: number, upTo: number): void => {
    if (soonestOf(entry) > timeline.watermarkMs(upTo)) return
    // Not before the snapshot that the entry was restored from: up to there its timers have had their turn.
    let from = Math.max(after, timeline.lastUpTo(entry.applied))
    for (;;) {
      const at = timeline.firstDue(soonestOf(entry), from)
      if (at > upTo) return
      moveTo(at)
      moment.atMs = moment.watermarkMs
      touched.touch(entry)
      const due = timed
        .map((slot) => ({ slot, atMs: entry.timers[slot.timerIndex]! }))
        .filter(({ atMs }) => atMs <= moment.watermarkMs)
        .sort((a, b) => a.atMs - b.atMs)
      for (const { slot, atMs } of due) {
        moment.wokenForMs = atMs
        timers.set(entry, slot, Infinity)
        wake(entry, slot)
      }
      from = at
    }
  }

  /** Answers the key's entry: a new one when this is its first observation. */
  const observe = (key: string, known: KeyEntry | undefined, observation: Observation, index: number): KeyEntry | undefined => {
    const accepting = dispatch[observation.kind]
    if (accepting === undefined) return known
    counts.observations[observation.kind]++
    if (accepting.length === 0) return known
    moveTo(index)
    if (known !== undefined && moment.offset <= known.applied) {
      counts.skipped++
      return known
    }
    const entry = known ?? table.create(key)
    touched.touch(entry)
    table.touch(entry, moment.offset, observation.kind !== 'session' || observation.event !== 'refused')
    if (observation.site !== null) entry.site = observation.site
    onObservation?.(key, observation)
    moment.atMs = timeline.atMs(index)
    moment.wokenForMs = Infinity
    turns.observe(accepting, entry, observation, health)
    if (++entry.steps % sizeCheckSteps === 0) for (const slot of slots) health.checkSize(slot, entry)
    return entry
  }

  const decode = (value: Uint8Array, receivedAtMs: number | undefined): Observation | null => {
    let decoded
    try {
      decoded = decoder.decode(value, receivedAtMs)
    } catch {
      countDeadLetter(counts, 'decoder-failed')
      return null
    }
    if (decoded.outcome === 'ok') return decoded.observation
    if (decoded.outcome === 'deadLetter') countDeadLetter(counts, decoded.reason)
    else counts.dropped++
    return null
  }

  /** Moves time over the records from `from` on and puts them in groups; answers where the stretch ends. */
  const gather = (records: readonly LogRecord[], from: number): number => {
    timeline.begin(time.watermarkMs)
    groups.begin(keysMax - table.size)
    const end = Math.min(records.length, from + stretchRecordsMax)
    let alone = false
    let at = from
    for (; at < end && !alone; at++) {
      const { offset, key, value, appendedAtMs } = records[at]!
      if (offset <= applied) break
      const isEnvelope = hasKnownKind(value)
      const clock = isEnvelope && isClock(value)
      if (isEnvelope && !clock) {
        const added = groups.add(key, at - from)
        if (added === 'full') break
        alone = added === 'alone'
      }
      applied = offset
      counts.records++
      const toldMs = isEnvelope ? envelopeTime(value) : 0
      const atMs = believedAt(toldMs, appendedAtMs)
      if (atMs !== toldMs) counts.ahead++
      if (!isEnvelope) countDeadLetter(counts, 'bad-envelope')
      else if (!advanceTime(time, atMs, clock, outageGapMs) && time.watermarkMs - atMs > lateMs) counts.late++
      if (clock) counts.clocks++
      timeline.add(offset, atMs, time)
    }
    return at
  }

  /**
   * Takes a stretch of records key by key (`key-groups.ts`). One key's records and timers keep their order, keys know nothing of each
   * other, the time of each record is known beforehand, and what is said is put in order at the end: so it is as if record by record.
   */
  const processStretch = (records: readonly LogRecord[], from: number): number => {
    const to = gather(records, from)
    const last = timeline.length - 1
    const due = timers.takeDue(time.watermarkMs)
    for (const entry of new Set(due.map((timer) => timer.entry))) if (entry.group === null) wakeUpTo(entry, -1, last)
    for (const { key, entry: known, first } of groups.all) {
      let entry = known
      let after = -1
      for (let index = first; index >= 0; index = groups.next(index)) {
        if (entry !== undefined) wakeUpTo(entry, after, index)
        after = index
        const observation = decode(records[from + index]!.value, timeline.atMs(index))
        if (observation !== null) entry = observe(key, entry, observation, index)
      }
      if (entry !== undefined) wakeUpTo(entry, after, last)
    }
    groups.end()
    timers.putBack(due)
    turns.flush()
    moment.offset = applied
    return to
  }

  return {
    topic,
    partition,
    process(records) {
      let at = 0
      while (at < records.length) {
        if (records[at]!.offset <= applied) at++
        else at = processStretch(records, at)
      }
    },
    get touchedKeys() {
      return touched.count
    },
    beginSnapshot(nextOffset) {
      const upTo = applied
      const meta = encodePartitionMeta({ nextOffset, applied: upTo, time: { ...time } })
      const snapshot = touched.begin((entry) =>
        encodeKeyEntry(entry, slots, upTo, (slot, reason, error) => turns.report(slot, entry.key, reason, error)),
      )
      return {
        slice(keys) {
          const isDone = snapshot.slice(keys)
          turns.flush()
          return isDone
        },
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
          const entry = decodeKeyEntry(name, value, slots, timed.length, (slot, reason, error) => turns.report(slot, name, reason, error))
          if (entry === null) counts.unreadableKeys++
          else restored.push(entry)
        }
      }
      turns.flush()
      if (meta === null) return null
      applied = meta.applied
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

const hasKnownKind = (value: Uint8Array): boolean => value.length >= 8 && value[0]! >= 1 && value[0]! <= 3

/** When the key's next timer is due, ms; Infinity when none is set. */
const soonestOf = ({ timers }: KeyEntry): number => {
  let soonest = Infinity
  for (let i = 0; i < timers.length; i++) if (timers[i]! < soonest) soonest = timers[i]!
  return soonest
}

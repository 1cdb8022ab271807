import type { Finding, LogPosition } from '../../contracts/finding.ts'
import type { Observation, Presence } from '../../contracts/observation.ts'
import { completeFinding } from './complete-finding.ts'
import type { KeyEntry } from './key-entry.ts'
import type { StageFault } from './partition-processor.ts'
import type { SlotContext, StageSlot } from './stage-slots.ts'
import type { StateHealth } from './state-health.ts'
import { createUtterances } from './utterances.ts'

/** At which record, and at which record time, the stages run. */
export interface TurnMoment {
  offset: number
  /** Of a record its own time; of a timer the watermark. */
  atMs: number
  /** For which time the timer had been set, ms; Infinity for a record. */
  wokenForMs: number
  watermarkMs: number
  outageEndedAtMs: number
}

export interface StageTurnsOptions {
  readonly position: (offset: number) => LogPosition
  readonly decoderVersion: number
  readonly wakeAt: (entry: KeyEntry, slot: StageSlot, atMs: number) => void
  readonly onFinding: (finding: Finding, receivedAtMs: number) => void
  readonly onDerived: (cohort: string, observation: Presence) => void
  readonly onFault: (fault: StageFault) => void
}

/**
 * Lets one stage after the other take its turn, and hears what they say: all of it is kept until `flush`, which lets it out in the order
 * of the records. A stage that throws is reported; what it had emitted stands, and its half-changed state is put right by `health`.
 */
export interface StageTurns {
  /** Set before a turn. */
  readonly moment: TurnMoment
  contextOf(slot: () => StageSlot): SlotContext
  observe(slots: readonly StageSlot[], entry: KeyEntry, observation: Observation, health: StateHealth): void
  /** Lets a stage hear its timer. */
  wake(slot: StageSlot, entry: KeyEntry, state: unknown, health: StateHealth): void
  report(slot: StageSlot, key: string, reason: StageFault['reason'], error: unknown): void
  flush(): void
}

/** An endless loop of emits must not fill the memory: more than this in one call of a stage is a fault. */
const emitsPerCallMax = 64

export const createStageTurns = (options: StageTurnsOptions): StageTurns => {
  const { position, decoderVersion, wakeAt, onFinding, onDerived, onFault } = options
  const moment: TurnMoment = { offset: -1, atMs: 0, wokenForMs: Infinity, watermarkMs: 0, outageEndedAtMs: 0 }
  const utterances = createUtterances()
  let running: StageSlot | null = null
  let current: KeyEntry | null = null
  let emits = 0
  /** Findings of each stage for one key at one record. */
  const ordinals = new Map<number, number>()
  let ordinalsOf = { key: '', offset: -1 }

  const say = (key: string, isFinding: boolean, speak: (findingsBefore: number) => void): void =>
    utterances.add({ offset: moment.offset, wokenForMs: moment.wokenForMs, key }, isFinding, speak)

  const report: StageTurns['report'] = (slot, key, reason, error) => {
    slot.faults++
    const fault = { stage: slot.id, version: slot.stage.version, key, position: position(moment.offset), reason, error }
    say(key, false, () => onFault(fault))
  }
  const threw = (slot: StageSlot, entry: KeyEntry, error: unknown, health: StateHealth): void => {
    running = null
    report(slot, entry.key, 'threw', error)
    health.throughJson(slot, entry)
  }
  const assertRunning = (slot: StageSlot): KeyEntry => {
    if (running !== slot || current === null) throw new Error(`${slot.id} used its context after it had returned`)
    if (emits > emitsPerCallMax) throw new RangeError(`${slot.id} emitted more than ${emitsPerCallMax} times for one record`)
    return current
  }
  const ordinalOf = (slot: StageSlot, key: string): number => {
    if (ordinalsOf.key !== key || ordinalsOf.offset !== moment.offset) {
      ordinals.clear()
      ordinalsOf = { key, offset: moment.offset }
    }
    return ordinals.get(slot.index) ?? 0
  }
  /** What every turn begins with. */
  const open = (slot: StageSlot, key: string): void => {
    const { context } = slot
    if (context.key !== key) context.key = key
    context.nowMs = moment.watermarkMs
    context.outageEndedAtMs = moment.outageEndedAtMs
    running = slot
    emits = 0
  }

  return {
    moment,
    contextOf: (slotOf) => ({
      key: '',
      nowMs: 0,
      outageEndedAtMs: 0,
      emit(draft) {
        const slot = slotOf()
        emits++
        const { key, site } = assertRunning(slot)
        if (slot.detector === null) throw new Error(`${slot.id} is a derivation: it finds nothing`)
        const { offset, atMs } = moment
        const ordinal = ordinalOf(slot, key)
        const trigger = { key, site, position: position(offset), at: atMs, index: 0, ordinal, decoderVersion }
        const finding = completeFinding(slot.detector, draft, trigger)
        ordinals.set(slot.index, ordinal + 1)
        slot.findings++
        say(key, true, (index) => onFinding(index === 0 ? finding : { ...finding, index }, atMs))
      },
      derive(cohort, observation) {
        const slot = slotOf()
        emits++
        const { key } = assertRunning(slot)
        if (slot.detector !== null) throw new Error(`${slot.id} is a detector: it derives nothing`)
        say(key, false, () => onDerived(cohort, observation))
      },
      wakeAt(atMs) {
        const slot = slotOf()
        const entry = assertRunning(slot)
        if (slot.timerIndex < 0) throw new Error(`${slot.id} has no onTimer to wake`)
        if (Number.isNaN(atMs)) throw new RangeError(`${slot.id} asked to be woken at NaN`)
        wakeAt(entry, slot, atMs)
      },
    }),
    observe(slots, entry, observation, health) {
      current = entry
      const { key, states } = entry
      for (let i = 0; i < slots.length; i++) {
        const slot = slots[i]!
        const { stage } = slot
        open(slot, key)
        try {
          let state = states[slot.index]
          if (state === undefined) {
            state = stage.initial()
            states[slot.index] = state
          }
          stage.observe(state, observation, slot.parameters, slot.context)
        } catch (error) {
          threw(slot, entry, error, health)
        }
      }
      running = null
    },
    wake(slot, entry, state, health) {
      current = entry
      open(slot, entry.key)
      try {
        slot.stage.onTimer?.(state, slot.parameters, slot.context)
      } catch (error) {
        threw(slot, entry, error, health)
      }
      running = null
    },
    report,
    flush: () => utterances.flush(),
  }
}

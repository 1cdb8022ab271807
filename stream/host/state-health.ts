import { stateTooLarge } from './key-entry-codec.ts'
import type { KeyEntry } from './key-entry.ts'
import type { StageFault } from './partition-processor.ts'
import type { StageSlot } from './stage-slots.ts'
import type { TimerQueue } from './timer-queue.ts'

/** Keeps a live state such that a restart from a checkpoint would go on with the very same. */
export interface StateHealth {
  throughJson(slot: StageSlot, entry: KeyEntry): void
  checkSize(slot: StageSlot, entry: KeyEntry): void
}

export const createStateHealth = (
  timers: TimerQueue,
  report: (slot: StageSlot, key: string, reason: StageFault['reason'], error: unknown) => void,
): StateHealth => {
  /** Initial at the next observation. */
  const reset = (slot: StageSlot, entry: KeyEntry): void => {
    entry.states[slot.index] = undefined
    if (slot.timerIndex < 0) return
    timers.set(entry, slot, Infinity)
    entry.fires[slot.timerIndex] = 0
  }
  /** The state becomes what a checkpoint and a restart would make of it; it is reset when it does not fit. */
  const throughJson = (slot: StageSlot, entry: KeyEntry): void => {
    const state = entry.states[slot.index]
    if (state === undefined) return
    let fresh: unknown
    try {
      fresh = JSON.parse(JSON.stringify(state))
    } catch {
      fresh = undefined
    }
    if (fresh !== undefined && slot.stage.state.safeParse(fresh).success) entry.states[slot.index] = fresh
    else reset(slot, entry)
  }
  /**
   * At fixed steps of a key (and never at a checkpoint: when a state is reset must not depend on when checkpoints are taken; nor on
   * another stage's timers: what one rule does must not show in another's state).
   */
  const checkSize = (slot: StageSlot, entry: KeyEntry): void => {
    const state = entry.states[slot.index]
    if (state === undefined) return
    let bytes = Infinity
    try {
      bytes = Buffer.byteLength(JSON.stringify(state))
    } catch (error) {
      report(slot, entry.key, 'state-not-json', error)
    }
    if (bytes <= slot.stage.stateBytesMax) return
    if (bytes !== Infinity) report(slot, entry.key, 'state-bytes', new RangeError(stateTooLarge(slot, bytes)))
    reset(slot, entry)
  }
  return { throughJson, checkSize }
}

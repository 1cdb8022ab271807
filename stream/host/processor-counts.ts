import type { DeadLetterReason } from '../../contracts/decode.ts'
import type { ObservationKind } from '../../contracts/observation.ts'

/** What one partition's processor has counted since it started. Plain JSON. */
export interface ProcessorCounts {
  readonly records: number
  readonly clocks: number
  readonly dropped: number
  readonly late: number
  /** Records of an edge whose clock is ahead of the log's. */
  readonly ahead: number
  /** Records at or below a restored key's applied offset. */
  readonly skipped: number
  readonly timers: number
  readonly derived: number
  readonly evictedKeys: number
  /** Checkpointed keys that could not be read and start anew. */
  readonly unreadableKeys: number
  readonly observations: Readonly<Record<ObservationKind, number>>
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>
  readonly findings: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  readonly keys: number
  readonly watermarkMs: number
}

type Counters = Omit<ProcessorCounts, 'keys' | 'watermarkMs' | 'findings' | 'faults'>
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object ? Mutable<T[K]> : T[K] }

export const createProcessorCounts = (): Mutable<Counters> => ({
  records: 0,
  clocks: 0,
  dropped: 0,
  late: 0,
  ahead: 0,
  skipped: 0,
  timers: 0,
  derived: 0,
  evictedKeys: 0,
  unreadableKeys: 0,
  observations: { reading: 0, session: 0, posture: 0, presence: 0 },
  deadLetters: {},
})

export const countDeadLetter = ({ deadLetters }: Mutable<Counters>, reason: DeadLetterReason): void => {
  deadLetters[reason] = (deadLetters[reason] ?? 0) + 1
}

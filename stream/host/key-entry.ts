import type { KeyGroup } from './key-groups.ts'

/** Everything the stages of one partition know about one key: live objects, not bytes. */
export interface KeyEntry {
  readonly key: string
  /** By stage index; undefined until the stage's first accepted observation. */
  readonly states: unknown[]
  /** When each stage with a timer wants to be woken, ms, by timer index; Infinity for not at all. */
  readonly timers: number[]
  /** When the timer queue will look at that timer: at or before `timers`; Infinity when it is not in the queue. */
  readonly queuedAt: number[]
  /** Up to which offset a restored state has been applied: a record at or below it is skipped for this key. */
  applied: number
  /** The offset of the last observation: the order of eviction. */
  seen: number
  /** How often each timer has fired, by timer index; with `steps` it decides when a state's size is checked. */
  readonly fires: number[]
  /** How many observations were applied. */
  steps: number
  /** The last known site; a timer has no observation to ask. */
  site: string | null
  /** False while nothing but refused sign-ins has been seen: anyone can make such a key up, so they are evicted first. */
  proven: boolean
  /** In which checkpoint generation it was last touched; 0 when its last change is in a checkpoint. */
  mark: number
  evicted: boolean
  /** Its place in the order of eviction: at or before where it belongs. */
  place: number
  /** Its records in the stretch that is being taken; null outside of one. */
  group: KeyGroup | null
}

export const createKeyEntry = (key: string, stages: number, timers: number): KeyEntry => ({
  key,
  states: new Array<unknown>(stages).fill(undefined),
  timers: new Array<number>(timers).fill(Infinity),
  queuedAt: new Array<number>(timers).fill(Infinity),
  fires: new Array<number>(timers).fill(0),
  applied: -1,
  seen: -1,
  steps: 0,
  site: null,
  proven: false,
  mark: 0,
  evicted: false,
  place: -1,
  group: null,
})

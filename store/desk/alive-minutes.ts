import type { Range } from './buckets.ts'

const minuteMs = 60_000

/** In which minutes anything at all was landed: only then does "nothing came from this device" mean zero. In memory, as stretches. */
export interface AliveMinutes {
  add(minute: number): void
  /** Stretches, both ends inclusive, ms; sorted and apart. */
  load(stretches: readonly (readonly [first: number, last: number])[]): void
  /** Whether any minute that the range touches is one. */
  isAlive(range: Range): boolean
  /** The first moment of the range that is in one, ms; null when none is. */
  firstIn(range: Range): number | null
  /** How many buckets of a range (cut to whole ones) touch one. */
  bucketsAlive(range: Range, bucketMs: number): number
}

/** Beyond so many stretches the oldest are forgotten: what is forgotten is a gap, not a zero. */
const stretchesMax = 100_000

export const createAliveMinutes = (): AliveMinutes => {
  /** First and last minute (ms) of each stretch. */
  let stretches: [number, number][] = []

  /** The first stretch that ends at or after a moment. */
  const indexFrom = (ms: number): number => {
    let [low, high] = [0, stretches.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (stretches[middle]![1] + minuteMs <= ms) low = middle + 1
      else high = middle
    }
    return low
  }

  const firstIn = ({ from, to }: Range): number | null => {
    // A range without an extent touches nothing, though a stretch may reach over its one moment.
    if (from >= to) return null
    const stretch = stretches[indexFrom(from)]
    return stretch === undefined || stretch[0] >= to ? null : Math.max(from, stretch[0])
  }

  return {
    add(ms) {
      const minute = Math.floor(ms / minuteMs) * minuteMs
      const i = indexFrom(minute - 1)
      const at = stretches[i]
      if (at !== undefined && at[0] <= minute + minuteMs) {
        at[0] = Math.min(at[0], minute)
        at[1] = Math.max(at[1], minute)
        const next = stretches[i + 1]
        if (next !== undefined && next[0] <= at[1] + minuteMs) {
          at[1] = Math.max(at[1], next[1])
          stretches.splice(i + 1, 1)
        }
        return
      }
      stretches.splice(i, 0, [minute, minute])
      if (stretches.length > stretchesMax) stretches.shift()
    },
    load(loaded) {
      stretches = loaded.slice(-stretchesMax).map(([first, last]) => [first, last])
    },
    isAlive: (range) => firstIn(range) !== null,
    firstIn,
    bucketsAlive({ from, to }, bucketMs) {
      if (from >= to) return 0
      let alive = 0
      let counted = Math.floor(from / bucketMs)
      const end = Math.ceil(to / bucketMs)
      for (let i = indexFrom(from); i < stretches.length && stretches[i]![0] < to; i++) {
        const first = Math.max(counted, Math.floor(stretches[i]![0] / bucketMs))
        const after = Math.min(end, Math.ceil((stretches[i]![1] + minuteMs) / bucketMs))
        if (after <= first) continue
        alive += after - first
        counted = after
      }
      return alive
    },
  }
}

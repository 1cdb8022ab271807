import { z } from 'zod'

/**
 * The gap that all but one in twelve stay under: the second largest of each block, an order statistic that one outlier in a block cannot
 * move (David, Nagaraja: Order Statistics, 3rd ed., 2003, ch. 6 on trimmed estimates). Follows a change of rhythm within one block.
 */
const blockGaps = 12
const firstGaps = 5

export const usualGapState = z.tuple([
  /** the answer, ms; 0 while unknown */ z.number(),
  /** gaps in this block */ z.number(),
  /** the largest of the block, ms */ z.number(),
  /** the second largest, ms */ z.number(),
])
export type UsualGap = z.infer<typeof usualGapState>

export const usualGap = (): UsualGap => [0, 0, 0, 0]

/** Adds a gap, ms; the first five give the first answer. */
export const addGap = (state: UsualGap, gapMs: number): void => {
  if (gapMs > state[2]) {
    state[3] = state[2]
    state[2] = gapMs
  } else if (gapMs > state[3]) state[3] = gapMs
  state[1]++
  if (state[1] < (state[0] === 0 ? firstGaps : blockGaps)) return
  state[0] = Math.max(1, Math.round(state[3]))
  state[1] = 0
  state[2] = 0
  state[3] = 0
}

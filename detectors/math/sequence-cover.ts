import { z } from 'zod'

/**
 * Which numbers of a counter have been seen: from `start` to `high`, less the gaps. The window of RFC 4303 (anti-replay, 3.4.3)
 * keeps a bit a number and forgets; gaps as ranges, like the selective acknowledgements of RFC 2018, remember a whole stream in a few numbers.
 * With more than `gapsMax` gaps the two oldest are joined: numbers between them count as unseen again, never the other way round.
 */
const gapsMax = 8

export const sequenceCoverState = z.object({
  start: z.number(),
  high: z.number(),
  /** Unseen ranges, first and last number in turn, ascending. */
  gaps: z.array(z.number()).max(gapsMax * 2),
})
export type SequenceCover = z.infer<typeof sequenceCoverState>

export const sequenceCover = (first: number): SequenceCover => ({ start: first, high: first, gaps: [] })

/** Notes `number`; true when it had been seen before. A number before the start is unseen and not remembered. */
export const coverSequence = (cover: SequenceCover, number: number): boolean => {
  if (number > cover.high) {
    if (number > cover.high + 1) addGap(cover.gaps, cover.high + 1, number - 1)
    cover.high = number
    return false
  }
  if (number < cover.start) return false
  const gaps = cover.gaps
  for (let i = 0; i < gaps.length; i += 2) {
    const from = gaps[i]!
    const to = gaps[i + 1]!
    if (number < from) return true
    if (number > to) continue
    fill(gaps, i, number)
    return false
  }
  return true
}

const addGap = (gaps: number[], from: number, to: number): void => {
  gaps.push(from, to)
  if (gaps.length > gapsMax * 2) gaps.splice(1, 2)
}

const fill = (gaps: number[], i: number, number: number): void => {
  const from = gaps[i]!
  const to = gaps[i + 1]!
  if (from === to) gaps.splice(i, 2)
  else if (number === from) gaps[i] = from + 1
  else if (number === to) gaps[i + 1] = to - 1
  else {
    gaps.splice(i + 1, 0, number - 1, number + 1)
    if (gaps.length > gapsMax * 2) gaps.splice(1, 2)
  }
}

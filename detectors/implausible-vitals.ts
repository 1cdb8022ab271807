import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { DetectorContext } from '../contracts/detector.ts'
import { type Vital, vitalNamed, vitals as vitalTable } from '../contracts/vitals.ts'
import { decimal, rounded, span, sureness } from './math/decimal.ts'
import { leak } from './math/leaky-bucket.ts'
import { rowsInTurn } from './math/rows-in-turn.ts'

/** A bucket holds no more than this: after a long doubt as many good readings clear it. */
const bucketMax = 60

/** Pairs that contradict each other: `a` and `b` too far apart, or `a` above `b` by more than `by`. */
const contradictions = [
  { a: 'hr', b: 'pulse', by: 30, both: true },
  { a: 'abpDia', b: 'abpSys', by: 0, both: false },
  { a: 'abpDia', b: 'abpMean', by: 2, both: false },
  { a: 'abpMean', b: 'abpSys', by: 2, both: false },
  { a: 'nbpDia', b: 'nbpSys', by: 0, both: false },
  { a: 'spo2', b: 'sao2', by: 20, both: true },
] as const

/** What is kept for a vital that was not heard yet: no vital that has a rate of change to be judged by is exactly that. */
const unheard = -1

/** The table's rows with a number each: a state's list is quicker than its keys. */
const rows = new Map(Object.entries(vitalTable).map(([name, row], index): [string, Row] => [name, { ...row, name, index }]))
const rowOf = rowsInTurn(rows)

/** The contradictions with their rows' numbers (the table has fewer than 32), and a bit for each of the two: whether both were heard. */
const pairs = contradictions.map((rule) => {
  const [first, second] = [rows.get(rule.a)!.index, rows.get(rule.b)!.index]
  return { rule, check: rule.a + rule.b, first, second, both: (1 << first) | (1 << second) }
})

interface Row extends Vital {
  readonly name: string
  readonly index: number
}

const state = z.object({
  /** The last value of each vital of the table, in its order: what its rate of change is measured against. */
  last: z.array(z.number()),
  /** Time of the last reading, ms. */
  time: z.number(),
  /** How full each check's bucket is and when it began to fill, ms; only those that are not empty, and how many they are. */
  doubts: z.record(z.string(), z.tuple([z.number(), z.number()])),
  doubtful: z.number(),
  firedAt: z.number(),
})
type State = z.infer<typeof state>

/**
 * Values that no living patient shows, jumps that no body makes, and vitals that contradict each other, when they persist: one artefact
 * (motion, a flushed line, a cuff) is none. Limits: contracts/vitals.ts. ICS T0856 (spoof reporting message), T0832 (manipulation of view).
 */
export default defineDetector({
  id: 'implausible-vitals',
  version: 1,
  title: 'Implausible vitals',
  keyedBy: 'device',
  severity: 'high',
  attack: ['T0856', 'T0832', 'T1565.002'],
  controls: ['A.8.16', 'A.8.9', 'A.5.33'],
  accepts: ['reading'],
  parameters: z.object({
    /** Net readings in doubt: a doubtful one adds 1 (2 when far off), a good one takes 1. */
    readingsMin: z.int().min(1).max(30).default(5),
    /** For this long at least. */
    lastsMs: z.int().min(0).default(15_000),
    /** For two vitals that contradict each other: poor perfusion and ectopic beats do so for a while. */
    contradictionReadingsMin: z.int().min(1).max(60).default(20),
    contradictionLastsMs: z.int().min(0).default(60_000),
    /** A change is judged as if at least this long had passed: monitors average over some seconds. */
    changeMsMin: z.int().min(1).default(30_000),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state,
  stateBytesMax: 3_200,
  initial: (): State => ({ last: [], time: 0, doubts: {}, doubtful: 0, firedAt: 0 }),
  observe(state, reading, parameters, context) {
    const { vitals, receivedAt } = reading
    const { last } = state
    const time = reading.deviceTime ?? receivedAt
    const elapsedMs = time - state.time
    const minutes = Math.max(elapsedMs, parameters.changeMsMin) / 60_000
    let place = 0
    let heard = 0
    for (const name in vitals) {
      const row = rowOf(name, place++)
      if (row === undefined) continue
      const value = vitals[name]!
      const { index } = row
      heard |= 1 << index
      while (last.length <= index) last.push(unheard)
      const before = last[index]!
      last[index] = value
      if (value < row.low || value > row.high) {
        const far = (row.high - row.low) / 10
        doubt(state, name, value < row.low - far || value > row.high + far ? 2 : 1, receivedAt)
        if (isDue(state, name, receivedAt, parameters.readingsMin, parameters.lastsMs, parameters.cooldownMs))
          emitLimit(state, name, row, value, reading.site, context)
        continue
      }
      // A clock that went back, or a reading from a backlog: nothing is known about how fast it changed; nor after a value that was none.
      const jump = before === unheard || elapsedMs < 0 || before < row.low || before > row.high ? 0 : Math.abs(value - before)
      if (jump > row.ratePerMinuteMax * minutes) {
        doubt(state, name, 1, receivedAt)
        if (isDue(state, name, receivedAt, parameters.readingsMin, parameters.lastsMs, parameters.cooldownMs))
          emitJump(state, name, row, before, value, Math.max(0, elapsedMs), row.ratePerMinuteMax * minutes, reading.site, context)
      } else if (state.doubtful > 0) doubt(state, name, 0, receivedAt)
    }
    state.time = time
    for (let i = 0; i < pairs.length; i++) {
      const { rule, check, first, second, both } = pairs[i]!
      if ((heard & both) !== both) continue
      const x = last[first]!
      const y = last[second]!
      const over = rule.both ? Math.abs(x - y) : x - y
      if (over > rule.by) {
        doubt(state, check, 1, receivedAt)
        const { contradictionReadingsMin, contradictionLastsMs, cooldownMs } = parameters
        if (isDue(state, check, receivedAt, contradictionReadingsMin, contradictionLastsMs, cooldownMs))
          emitContradiction(state, rule, x, y, reading.site, context)
      } else if (state.doubtful > 0) doubt(state, check, 0, receivedAt)
    }
  },
})

/** Fills or drains a check's bucket. */
const doubt = (state: State, check: string, fill: number, at: number): void => {
  const bucket = state.doubts[check]
  if (bucket === undefined) {
    if (fill === 0) return
    state.doubts[check] = [fill, at]
    state.doubtful++
    return
  }
  bucket[0] = leak(bucket[0], fill, bucketMax)
  if (bucket[0] > 0) return
  delete state.doubts[check]
  state.doubtful--
}

const isDue = (state: State, check: string, at: number, readingsMin: number, lastsMs: number, cooldownMs: number): boolean => {
  const bucket = state.doubts[check]!
  if (bucket[0] < readingsMin || at - bucket[1] < lastsMs || (state.firedAt > 0 && at - state.firedAt < cooldownMs)) return false
  state.firedAt = at
  return true
}

const lasting = (state: State, check: string): string => `for ${span(state.firedAt - state.doubts[check]![1])}`

const emitLimit = (state: State, name: string, row: Vital, value: number, site: string, context: DetectorContext): void => {
  const limit = value < row.low ? row.low : row.high
  context.emit({
    score: sureness(state.doubts[name]![0], 3),
    why: `${row.title} of ${context.key} is ${decimal(value)} ${row.unit} and has been beyond what a living patient shows (${decimal(row.low)} to ${decimal(row.high)}) ${lasting(state, name)}.`,
    evidence: [{ feature: name, observed: rounded(value, 100), expected: limit, unit: row.unit }],
    site,
  })
}

const emitJump = (
  state: State,
  name: string,
  row: Vital,
  before: number,
  value: number,
  elapsedMs: number,
  allowed: number,
  site: string,
  context: DetectorContext,
): void => {
  context.emit({
    score: sureness(state.doubts[name]![0], 4),
    why: `${row.title} of ${context.key} keeps jumping, at last from ${decimal(before)} to ${decimal(value)} ${row.unit} in ${span(elapsedMs)}, where ${decimal(allowed)} is the most a body does; so ${lasting(state, name)}.`,
    evidence: [
      { feature: `change of ${name}`, observed: rounded(Math.abs(value - before), 100), expected: rounded(allowed, 100), unit: row.unit },
    ],
    site,
  })
}

const emitContradiction = (
  state: State,
  { a, b, by, both }: (typeof contradictions)[number],
  x: number,
  y: number,
  site: string,
  context: DetectorContext,
): void => {
  const [first, second] = [vitalNamed(a)!, vitalNamed(b)!]
  const rule = both ? `more than ${by} ${first.unit} apart` : `the first above the second`
  context.emit({
    score: sureness(state.doubts[a + b]![0], 20),
    why: `${first.title} ${decimal(x)} and ${second.title.toLowerCase()} ${decimal(y)} ${first.unit} of ${context.key} contradict each other: ${rule} ${lasting(state, a + b)}.`,
    evidence: [{ feature: `${a} against ${b}`, observed: rounded(both ? Math.abs(x - y) : x - y, 100), expected: by, unit: first.unit }],
    site,
  })
}

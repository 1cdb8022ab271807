import { z } from 'zod'

/** How a request goes wrong. */
const how = z.enum([
  /** 500, and nothing was done. */
  'before',
  /** It is done, and the answer is 500. */
  'after',
  /** The connection is cut while the body is still coming; nothing was done. */
  'cut',
  /** It is done, and the connection is cut instead of an answer. */
  'lost',
  /** The connection is cut at once, and it is done `delayMs` later. */
  'late',
  /** 503 of a proxy in front: no ClickHouse error, an HTML page. */
  'proxy',
  /** Never answered. */
  'hang',
])

/** The stand-in's switches, set by `PUT /stand-in/faults`. Without any it is well. */
export const faultSwitches = z.strictObject({
  /** Every connection is closed as soon as it opens. */
  away: z.boolean().default(false),
  /** Every statement waits so long before it runs, ms. */
  delayMs: z.int().min(0).default(0),
  /** The next `times` statements that match go wrong. */
  next: z
    .array(z.strictObject({ how, times: z.int().min(1), match: z.string().default('.'), delayMs: z.int().min(0).default(0) }))
    .default([]),
  /** Of all statements that match, this share goes wrong, chosen by a generator with this seed. */
  share: z
    .strictObject({
      of: z.number().min(0).max(1),
      seed: z.int(),
      match: z.string(),
      hows: z.array(how).min(1),
      delayMs: z.int().default(0),
    })
    .nullable()
    .default(null),
})
export type FaultSwitches = z.infer<typeof faultSwitches>
export type Fault = { readonly how: z.infer<typeof how>; readonly delayMs: number }

export interface Faults {
  readonly switches: FaultSwitches
  set(switches: FaultSwitches): void
  /** What goes wrong with this statement; null for nothing. */
  take(sql: string): Fault | null
}

const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const createFaults = (): Faults => {
  let switches = faultSwitches.parse({})
  let left: number[] = []
  let random = createRandom(0)
  return {
    get switches() {
      return switches
    },
    set(given) {
      switches = given
      left = given.next.map(({ times }) => times)
      random = createRandom(given.share?.seed ?? 0)
    },
    take(sql) {
      for (const [i, one] of switches.next.entries()) {
        if (left[i]! < 1 || !new RegExp(one.match, 'is').test(sql)) continue
        left[i]!--
        return one
      }
      const { share } = switches
      if (share === null || !new RegExp(share.match, 'is').test(sql) || random() >= share.of) return null
      return { how: share.hows[Math.floor(random() * share.hows.length)]!, delayMs: Math.floor(random() * share.delayMs) }
    },
  }
}

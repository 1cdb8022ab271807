/**
 * A seeded source of randomness: sfc32 (Chris Doty-Humphrey, PractRand), its state drawn from the labels by splitmix32 over a
 * string hash. `randomFor(42, 'mon-0001', 'heart')` is the same stream on every machine, whatever else is drawn elsewhere:
 * each device has its own, so a fleet is reproducible whatever the timing.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [low, high). */
  between(low: number, high: number): number
  /** Uniform integer, both ends included. */
  integer(low: number, high: number): number
  /** Normal, by Box and Muller's transform. */
  normal(mean?: number, deviation?: number): number
  /** Exponentially distributed waiting time. */
  exponential(mean: number): number
  chance(probability: number): boolean
  /** Throws `RangeError` on an empty list. */
  pick<T>(items: readonly T[]): T
}

/** cyrb53's mixing, 32 bit: spreads labels that differ in one character. */
const hashText = (text: string): number => {
  let h = 0xdeadbeef ^ text.length
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 2_654_435_761)
  return (h ^ (h >>> 16)) >>> 0
}

const splitmix32 = (seed: number): (() => number) => {
  let a = seed | 0
  return () => {
    a = (a + 0x9e3779b9) | 0
    let t = a ^ (a >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
}

const sfc32 = (a: number, b: number, c: number, d: number): (() => number) => {
  let [w, x, y, counter] = [a | 0, b | 0, c | 0, d | 0]
  return () => {
    const t = (((w + x) | 0) + counter) | 0
    counter = (counter + 1) | 0
    w = x ^ (x >>> 9)
    x = (y + (y << 3)) | 0
    y = (y << 21) | (y >>> 11)
    y = (y + t) | 0
    return (t >>> 0) / 4_294_967_296
  }
}

/** A stream of its own for a seed and labels, e.g. the fleet's seed, a device's id and a purpose. */
export const randomFor = (seed: number, ...labels: readonly (string | number)[]): Random => {
  const mix = splitmix32(hashText([seed, ...labels].join('\u0000')))
  const next = sfc32(mix(), mix(), mix(), 1)
  for (let i = 0; i < 12; i++) next()
  let spare: number | null = null
  const standardNormal = (): number => {
    if (spare !== null) {
      const kept = spare
      spare = null
      return kept
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    normal: (mean = 0, deviation = 1) => mean + deviation * standardNormal(),
    exponential: (mean) => -mean * Math.log(1 - next()),
    chance: (probability) => next() < probability,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('nothing to pick from')
      return items[Math.floor(next() * items.length)]!
    },
  }
}

import { randomFor } from '../../simulators/prng.ts'

/** One thing that goes wrong, or one that an operator does. `awayMs`: how long it stays so before it is put right. */
export type Fault =
  | { readonly kind: 'kill-machine'; readonly machine: string; readonly awayMs: number }
  /** Its supervisor starts it again by itself. */
  | { readonly kind: 'kill-role'; readonly machine: string }
  | { readonly kind: 'kill-broker'; readonly awayMs: number }
  | { readonly kind: 'kill-clickhouse'; readonly awayMs: number }
  | { readonly kind: 'join'; readonly machine: string }
  | { readonly kind: 'leave'; readonly machine: string }

/** What happens in a round, all of it at the same time, after `loadMs` of quiet. */
export interface Round {
  readonly loadMs: number
  readonly faults: readonly Fault[]
}

export interface ChaosPlanOptions {
  readonly seed: number
  readonly rounds: number
  /** Machines that run all the time, but for a kill. */
  readonly machines: readonly string[]
  /** Detect machines that join and leave; none of them runs at first. */
  readonly guests: readonly string[]
  readonly awayMsMax: number
}

/** By weight: a role is what is hit most. */
const kinds = ['machine', 'machine', 'machine', 'role', 'role', 'broker', 'clickhouse', 'guests', 'guests'] as const

/** The rounds of a seed: the same on every machine, whatever the timing. Kinds that are rare by chance come once in each nine rounds. */
export const planChaos = ({ seed, rounds, machines, guests, awayMsMax }: ChaosPlanOptions): readonly Round[] => {
  const random = randomFor(seed, 'chaos')
  const there = new Set<string>()
  let deck: (typeof kinds)[number][] = []
  const draw = (): (typeof kinds)[number] => {
    if (deck.length === 0) deck = [...kinds]
    return deck.splice(random.integer(0, deck.length - 1), 1)[0]!
  }
  const faultOf = (kind: (typeof kinds)[number], hit: Set<string>): Fault | null => {
    const awayMs = random.integer(0, awayMsMax)
    if (kind === 'broker') return { kind: 'kill-broker', awayMs }
    if (kind === 'clickhouse') return { kind: 'kill-clickhouse', awayMs }
    if (kind === 'guests') {
      const machine = random.pick(guests)
      if (hit.has(machine)) return null
      hit.add(machine)
      if (there.delete(machine)) return { kind: 'leave', machine }
      there.add(machine)
      return { kind: 'join', machine }
    }
    const free = [...machines, ...there].filter((machine) => !hit.has(machine))
    if (free.length === 0) return null
    const machine = random.pick(free)
    hit.add(machine)
    return kind === 'machine' ? { kind: 'kill-machine', machine, awayMs } : { kind: 'kill-role', machine }
  }
  return Array.from({ length: rounds }, () => {
    const hit = new Set<string>()
    const faults = Array.from({ length: random.chance(0.3) ? 2 : 1 }, draw)
    const loadMs = random.integer(300, 3_000)
    return { loadMs, faults: faults.map((kind) => faultOf(kind, hit)).filter((fault) => fault !== null) }
  })
}

export const tellFault = (fault: Fault): string =>
  [fault.kind, 'machine' in fault ? fault.machine : null, 'awayMs' in fault ? `${(fault.awayMs / 1_000).toFixed(1)} s` : null]
    .filter((word) => word !== null)
    .join(' ')

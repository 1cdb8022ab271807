import { randomFor } from '../../simulators/prng.ts'

/** One thing that goes wrong, or one that an operator does. `awayMs`: how long it stays so before it is put right. */
export type Fault =
  | { readonly kind: 'kill-machine' | 'freeze-role'; readonly machine: string; readonly awayMs: number }
  /** Its supervisor starts it again by itself. */
  | { readonly kind: 'kill-role'; readonly machine: string }
  | { readonly kind: 'kill-broker' | 'freeze-broker' | 'kill-clickhouse' | 'freeze-clickhouse'; readonly awayMs: number }
  | { readonly kind: 'join' | 'leave'; readonly machine: string }

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
const kinds = [
  ...(['kill-machine', 'kill-machine', 'kill-machine', 'kill-role', 'kill-role', 'freeze-role'] as const),
  ...(['kill-broker', 'freeze-broker', 'kill-clickhouse', 'freeze-clickhouse', 'guest', 'guest', 'guest'] as const),
]
type Kind = (typeof kinds)[number]

/** The rounds of a seed: the same on every machine, whatever the timing. Every kind has its turn before any comes more often than its weight. */
export const planChaos = ({ seed, rounds, machines, guests, awayMsMax }: ChaosPlanOptions): readonly Round[] => {
  const random = randomFor(seed, 'chaos')
  const there = new Set<string>()
  let deck: Kind[] = []
  const draw = (): Kind => {
    if (deck.length === 0) deck = [...kinds]
    return deck.splice(random.integer(0, deck.length - 1), 1)[0]!
  }
  /** Null when what it would hit has its part in this round already. */
  const faultOf = (kind: Kind, hit: Set<string>): Fault | null => {
    const awayMs = random.integer(0, awayMsMax)
    const take = (names: readonly string[]): string | null => {
      const free = names.filter((name) => !hit.has(name))
      if (free.length === 0) return null
      const name = random.pick(free)
      hit.add(name)
      return name
    }
    switch (kind) {
      case 'kill-broker':
      case 'freeze-broker':
        return take(['broker']) === null ? null : { kind, awayMs }
      case 'kill-clickhouse':
      case 'freeze-clickhouse':
        return take(['clickhouse']) === null ? null : { kind, awayMs }
      case 'guest': {
        const machine = take(guests)
        if (machine === null) return null
        if (there.delete(machine)) return { kind: 'leave', machine }
        there.add(machine)
        return { kind: 'join', machine }
      }
      default: {
        const machine = take([...machines, ...there])
        if (machine === null) return null
        // Long enough, at times, that a group gives up a frozen member: it wakes as a zombie.
        return kind === 'kill-role' ? { kind, machine } : { kind, machine, awayMs: kind === 'freeze-role' ? awayMs * 3 : awayMs }
      }
    }
  }
  return Array.from({ length: rounds }, () => {
    const hit = new Set<string>()
    const drawn = Array.from({ length: random.chance(0.3) ? 2 : 1 }, draw)
    const loadMs = random.integer(300, 3_000)
    return { loadMs, faults: drawn.map((kind) => faultOf(kind, hit)).filter((fault) => fault !== null) }
  })
}

export const tellFault = (fault: Fault): string =>
  [fault.kind, 'machine' in fault ? fault.machine : null, 'awayMs' in fault ? `${(fault.awayMs / 1_000).toFixed(1)} s` : null]
    .filter((word) => word !== null)
    .join(' ')

import { decodeMachine, type MachineFigures } from '../../contracts/machine-figures.ts'
import { createSharedNames } from './shared-names.ts'

/** A machine tells of itself every 5 s: after three that did not come nothing is known of it, ms. */
const silentAfterMs = 15_000
/** Whoever took it out of service wants it to be gone; whoever lost it has seen it by then, ms. */
const forgottenAfterMs = 600_000
/** Above it the one that was not heard for longest is forgotten, and shown again when it tells. */
export const machinesKnownMax = 500

export interface KnownMachine {
  readonly figures: MachineFigures
  /** Since when nothing came of it, ms; null while it is heard. */
  readonly silentMs: number | null
}

/** The other machines of this log, as they told of themselves. */
export interface KnownMachines {
  /** A record of `machines.v1`; one that is none is passed over and counted. */
  take(value: Uint8Array): void
  /** In the order of their names. */
  list(): readonly KnownMachine[]
  /** Names that two machines go by, this one's among them. */
  shared(): readonly string[]
  stats(): Readonly<Record<string, number>>
}

/**
 * @param own this machine's name: what it tells itself is known sooner and better from its supervisor
 * @param steadyNowMs a clock of this machine, by which a record came: another may be wrong about the time, and this one may be put right
 */
export const createKnownMachines = (own: string, steadyNowMs: () => number): KnownMachines => {
  const machines = new Map<string, { readonly figures: MachineFigures; readonly heardAtMs: number }>()
  const names = createSharedNames(steadyNowMs, machinesKnownMax)
  let unreadable = 0

  const list = (): readonly KnownMachine[] => {
    const nowMs = steadyNowMs()
    for (const [name, { heardAtMs }] of machines) if (nowMs - heardAtMs >= forgottenAfterMs) machines.delete(name)
    return [...machines.values()]
      .toSorted((a, b) => (a.figures.machine < b.figures.machine ? -1 : 1))
      .map(({ figures, heardAtMs }) => ({ figures, silentMs: nowMs - heardAtMs >= silentAfterMs ? nowMs - heardAtMs : null }))
  }

  return {
    take(value) {
      const figures = decodeMachine(value)
      if (figures === null) return void unreadable++
      names.take(figures)
      if (figures.machine === own) return
      // The one that was heard last stands last: the first is the one to forget.
      machines.delete(figures.machine)
      if (figures.leaves) return
      machines.set(figures.machine, { figures, heardAtMs: steadyNowMs() })
      if (machines.size > machinesKnownMax) machines.delete(machines.keys().next().value!)
    },
    list,
    shared: names.list,
    stats() {
      const all = list()
      return { known: all.length, silent: all.filter(({ silentMs }) => silentMs !== null).length, shared: names.list().length, unreadable }
    },
  }
}

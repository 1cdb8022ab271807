import type { MachineFigures } from '../../contracts/machine-figures.ts'

/** Heard so lately of a name that two machines speak under, ms: at one telling each in 5 s, three of them. */
const sharedMs = 15_000
/** A machine that was started so often since is not confused with its first run any more. */
const runsMax = 8

/** Names under which two machines speak at once: `node` was copied with a configuration. */
export interface SharedNames {
  take(figures: Pick<MachineFigures, 'machine' | 'run'>): void
  /** In the order of the names. */
  list(): readonly string[]
}

/** A machine that is started again speaks as another run from then on. Where a run speaks after a later one has, both are there. */
export const createSharedNames = (steadyNowMs: () => number, namesMax: number): SharedNames => {
  const names = new Map<string, { run: string; before: string[]; sharedAtMs: number }>()
  return {
    take({ machine, run }) {
      // An older machine does not tell it.
      if (run === '') return
      const name = names.get(machine) ?? { run, before: [], sharedAtMs: -Infinity }
      // The one that was heard last stands last: the first is the one to forget.
      names.delete(machine)
      names.set(machine, name)
      if (names.size > namesMax) names.delete(names.keys().next().value!)
      if (name.run === run) return
      if (name.before.includes(run)) name.sharedAtMs = steadyNowMs()
      name.before = [name.run, ...name.before.filter((one) => one !== run && one !== name.run)].slice(0, runsMax)
      name.run = run
    },
    list: () => [...names].flatMap(([machine, { sharedAtMs }]) => (steadyNowMs() - sharedAtMs < sharedMs ? [machine] : [])).toSorted(),
  }
}

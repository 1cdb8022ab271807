export type Done<T> = { readonly ok: true; readonly value: T } | { readonly ok: false }

/** Runs a few at once and lets a few wait; the rest are told to come back. Those that are known go first and are not turned away by the others. */
export interface BoundedWork {
  run<T>(known: boolean, work: () => Promise<T>): Promise<Done<T>>
}

export const createBoundedWork = (atOnceMax: number, waitingMax: number): BoundedWork => {
  let running = 0
  const first: (() => void)[] = []
  const rest: (() => void)[] = []
  const next = (): void => {
    const start = first.shift() ?? rest.shift()
    if (start === undefined) running--
    else start()
  }
  return {
    async run(known, work) {
      const lane = known ? first : rest
      if (running < atOnceMax) running++
      else if (lane.length >= waitingMax) return { ok: false }
      else await new Promise<void>((resolve) => lane.push(resolve))
      try {
        return { ok: true, value: await work() }
      } finally {
        next()
      }
    },
  }
}

/** A queue of a fluid: what comes in is worked off up to a capacity, the rest waits. */
export interface FluidQueue {
  /** Answers what was worked off in this step. */
  step(arrived: number, capacity: number): number
  readonly queued: number
  readonly arrivedTotal: number
  readonly workedTotal: number
}

export const createFluidQueue = (): FluidQueue => {
  let queued = 0
  let arrivedTotal = 0
  let workedTotal = 0
  return {
    step(arrived, capacity) {
      arrivedTotal += arrived
      const worked = Math.min(queued + arrived, capacity)
      queued = queued + arrived - worked
      workedTotal += worked
      return worked
    },
    get queued() {
      return queued
    },
    get arrivedTotal() {
      return arrivedTotal
    },
    get workedTotal() {
      return workedTotal
    },
  }
}

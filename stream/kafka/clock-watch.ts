import { aheadMsMax } from '../../contracts/received-at.ts'
import type { Logger } from '../../contracts/logger.ts'

/** How far this machine's clock is from the brokers', by what they say of when they took a batch: told once when it begins to matter and once when it is over. */
export interface ClockWatch {
  /** A batch was sent at, and was answered at (by this machine's clock), and the broker took it at (by its own), ms. */
  heard(partition: string, sentAtMs: number, answeredAtMs: number, appendedAtMs: number): void
  /** Below 0: behind. Of the partitions heard lately the furthest; 0 while none is certain to differ. */
  aheadMs(): number
}

/** What was heard longer ago is not held against a clock that was set meanwhile. */
const heardMsMax = 30_000

export const createClockWatch = (logger: Logger, steadyNowMs: () => number): ClockWatch => {
  const byPartition = new Map<string, { readonly aheadMs: number; readonly heardAtMs: number }>()
  let told = false

  const furthest = (): readonly [partition: string, aheadMs: number] => {
    const sinceMs = steadyNowMs() - heardMsMax
    let found: readonly [string, number] = ['', 0]
    for (const [partition, { aheadMs, heardAtMs }] of byPartition)
      if (heardAtMs >= sinceMs && Math.abs(aheadMs) > Math.abs(found[1])) found = [partition, aheadMs]
    return found
  }

  return {
    heard(partition, sentAtMs, answeredAtMs, appendedAtMs) {
      // It lay between: what is outside of that is certain.
      const aheadMs = Math.max(0, sentAtMs - appendedAtMs) + Math.min(0, answeredAtMs - appendedAtMs)
      byPartition.set(partition, { aheadMs, heardAtMs: steadyNowMs() })
      const [where, worstMs] = furthest()
      const isWrong = Math.abs(worstMs) > aheadMsMax
      if (isWrong === told) return
      told = isWrong
      if (isWrong) logger.error({ partition: where, aheadMs: worstMs }, "this machine's clock and Kafka's differ: one of them is wrong")
      else logger.info({}, "this machine's clock and Kafka's agree again")
    },
    aheadMs: () => furthest()[1],
  }
}

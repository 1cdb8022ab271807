import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { encodeMachine, type MachineFigures } from '../../contracts/machine-figures.ts'

const topic = 'machines.v1'

/**
 * Puts into the log what the supervisor says of its machine, for the desks on others. One at a time: what can't be told now is old when it
 * can be. That it can't is told once; nothing else suffers from it. Only the last word, that it leaves, waits for its turn.
 */
export const createMachineTeller = (log: Pick<EventLog, 'append' | 'ranges'>, logger: Logger): ((figures: MachineFigures) => void) => {
  let telling = false
  let failing = false
  let isThere = false
  let lastWord: MachineFigures | null = null
  const tell = async (figures: MachineFigures): Promise<void> => {
    telling = true
    try {
      // Asked first: an append to a topic that is not there would be tried again, and called an outage of Kafka.
      if (!isThere) await log.ranges([topic])
      isThere = true
      await log.append(topic, [{ key: figures.machine, value: encodeMachine(figures) }])
      failing = false
    } catch (error) {
      if (!failing)
        logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'the desks can not be told how this machine is')
      failing = true
    } finally {
      telling = false
    }
    if (lastWord === null) return
    const last = lastWord
    lastWord = null
    await tell(last)
  }
  return (figures) => {
    if (!telling) void tell(figures)
    else if (figures.leaves) lastWord = figures
  }
}

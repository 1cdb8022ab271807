import type { CaseEvent } from '../contracts/case-event.ts'
import type { EventLog, LogRecord, StartPosition } from '../contracts/event-log.ts'
import type { CaseFold } from './group/fold.ts'

/**
 * The fold of the chain as it stands; answers where the chain goes on. The log is sealed, so an event is what triage wrote: it is not checked
 * again here, only that it comes behind the one before it. Whether the chain is whole, `verifyChain` says.
 */
export const restore = async (log: EventLog, fold: CaseFold, onEvent: (event: CaseEvent) => void = () => {}): Promise<StartPosition> => {
  const [range] = await log.ranges(['cases.v1'])
  if (range === undefined || range.next === range.earliest) return range?.next ?? 'earliest'
  for await (const batch of log.read('cases.v1', 0, range.earliest, range.next))
    for (const record of batch.records) {
      const event = nextEvent(fold, record)
      fold.apply(event, true)
      onEvent(event)
    }
  return range.next
}

/** The event of a record, which has to be the one behind what the fold holds. */
export const nextEvent = (fold: Pick<CaseFold, 'sequence'>, { offset, value }: LogRecord): CaseEvent => {
  const event = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')) as CaseEvent
  if (event.sequence === fold.sequence + 1) return event
  throw new Error(
    `cases.v1 is broken at offset ${offset}: event ${event.sequence} stands behind ${fold.sequence}; 'wardwatch alerts verify' tells more`,
  )
}

import { type CaseEvent, caseEvent } from '../../contracts/case-event.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { DeskConnection } from './desk-connection.ts'

const limitMax = 500

/** An alert's case events, newest first, as they stand in the chain. A row that is none is left out and logged. */
export const timelineOf = async (
  alert: string,
  below: number | null,
  limitAsked: number,
  { rows }: Pick<DeskConnection, 'rows'>,
  logger: Logger,
): Promise<readonly CaseEvent[]> => {
  const limit = Math.max(1, Math.min(Math.floor(limitAsked), limitMax))
  if (alert === '' || (below !== null && below <= 0)) return []
  const found = await rows<[number, string]>(
    `SELECT sequence, event FROM cases WHERE alert = {alert:String} ${below === null ? '' : 'AND sequence < {below:UInt64}'}
     ORDER BY sequence DESC LIMIT ${limit}`,
    { alert: alert.toWellFormed(), ...(below === null ? {} : { below: Math.floor(below) }) },
  )
  const events: CaseEvent[] = []
  for (const [sequence, text] of found) {
    const event = parsedEvent(text)
    if (event === null) logger.error({ alert, sequence }, 'a row of cases holds no case event')
    else events.push(event)
  }
  return events
}

const parsedEvent = (text: string): CaseEvent | null => {
  try {
    return caseEvent.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

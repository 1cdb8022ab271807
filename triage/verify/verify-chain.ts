import { setImmediate as turn } from 'node:timers/promises'
import { caseEvent } from '../../contracts/case-event.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import { brokenLink, chainStart } from '../chain.ts'

export type ChainReport =
  | { readonly ok: true; readonly events: number; readonly lastHash: string }
  | { readonly ok: false; readonly sequence: number; readonly offset: number | null; readonly problem: string }

const eventsPerTurn = 200

/** Reads `cases.v1` from its beginning and names the first link that is broken. A tampered or unreadable record is a report, not a throw. */
export const verifyChain = async (log: EventLog): Promise<ChainReport> => {
  let sequence = 0
  let previous = chainStart
  let offset: number | null = null
  let read = 0
  const broken = (problem: string): ChainReport => ({ ok: false, sequence: sequence + 1, offset, problem })
  const [range] = await log.ranges(['cases.v1'])
  if (range === undefined || range.next === range.earliest) return { ok: true, events: 0, lastHash: chainStart }
  try {
    for await (const batch of log.read('cases.v1', 0, range.earliest, range.next)) {
      for (const record of batch.records) {
        // Others want to be answered while a long chain is checked.
        if (++read % eventsPerTurn === 0) await turn()
        offset = record.offset
        const parsed = parseEvent(record.value)
        if (parsed === null) return broken('it is not a case event')
        const problem = brokenLink(parsed, { sequence: sequence + 1, previous })
        if (problem !== null) return broken(problem)
        sequence = parsed.sequence
        previous = parsed.hash
      }
      offset = batch.nextOffset
    }
  } catch (error) {
    return broken(`it can't be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  return { ok: true, events: sequence, lastHash: previous }
}

const parseEvent = (bytes: Uint8Array) => {
  try {
    const parsed = caseEvent.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

import { type EventLog, type LogRecord, LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { TopicFold } from '../../contracts/topic-fold.ts'
import { type AccountEvent, accountEvent } from './account-event.ts'
import { type AccountFold, createAccountFold } from './fold.ts'

const topic = 'accounts.v1'

/** The one writer of `accounts.v1`: what was decided in a turn is on disk before it counts. */
export interface Ledger {
  readonly fold: AccountFold
  /** One after the other: a link can't be used twice by two requests at once. The events are applied once they are durable. */
  inTurn<T>(decide: () => { readonly events: readonly AccountEvent[]; readonly answer: T }): Promise<T>
  /** Of the topic as another writes it. */
  readonly following: TopicFold
}

/** Reads the topic from its start. An event that can't be read is told and passed over: one bad record must not keep everybody out. */
export const openLedger = async (log: EventLog, logger: Logger, leads: () => boolean): Promise<Ledger> => {
  const fold = createAccountFold()
  const take = ({ value, offset }: LogRecord): void => {
    const parsed = read(value)
    if (parsed === null) logger.error({ topic, offset }, 'an event of the accounts cannot be read; it is passed over')
    else fold.apply(parsed)
  }
  const [range] = await log.ranges([topic])
  if (range !== undefined && range.next > range.earliest)
    for await (const batch of log.read(topic, 0, range.earliest, range.next)) for (const record of batch.records) take(record)

  let turn: Promise<unknown> = Promise.resolve()
  return {
    fold,
    following: { topic, from: range?.next ?? 'earliest', take },
    inTurn<T>(decide: () => { readonly events: readonly AccountEvent[]; readonly answer: T }): Promise<T> {
      const mine = turn.then(async () => {
        if (!leads()) throw new LogUnavailable('not-leading', 'this desk only reads')
        const { events, answer } = decide()
        if (events.length > 0) {
          await log.append(
            topic,
            events.map((event) => ({ key: keyOf(event), value: Buffer.from(JSON.stringify(event)) })),
          )
          for (const event of events) fold.apply(event)
        }
        return answer
      })
      turn = mine.catch(() => {})
      return mine
    },
  }
}

const keyOf = (event: AccountEvent): string =>
  'account' in event ? (event.account ?? '') : 'session' in event ? event.session : event.token

const read = (value: Uint8Array): AccountEvent | null => {
  try {
    const parsed = accountEvent.safeParse(JSON.parse(Buffer.from(value).toString('utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

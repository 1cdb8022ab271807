import type { ClickHouseClient } from '@clickhouse/client'

/** A client whose questions end with the connection, and that knows how long it has been waiting for an answer. */
export interface AttendedClient {
  readonly client: ClickHouseClient
  /** For how long the oldest question has had no answer, ms; 0 when none is asked. */
  unansweredMs(): number
}

interface Question {
  readonly abort_signal?: AbortSignal
}

/**
 * The client's own limit of a request is a minute or more, for inserts that take long: a server that is there and says nothing is not seen before. And it
 * goes on asking after its `close`. Once `ending` is aborted each question fails with its reason, those that wait for a connection too.
 */
export const attended = (client: ClickHouseClient, ending: AbortSignal): AttendedClient => {
  /** In the order in which they were asked. */
  const asked = new Set<{ readonly atMs: number }>()
  const attend =
    <Given extends Question, Answer>(ask: (given: Given) => Promise<Answer>) =>
    async (given: Given): Promise<Answer> => {
      // An aborted signal tells nobody that comes afterwards.
      ending.throwIfAborted()
      const question = { atMs: performance.now() }
      asked.add(question)
      try {
        const own = given.abort_signal
        return await ask({ ...given, abort_signal: own === undefined ? ending : AbortSignal.any([own, ending]) })
      } catch (error) {
        throw ending.aborted ? ending.reason : error
      } finally {
        asked.delete(question)
      }
    }
  Object.assign(client, {
    query: attend(client.query.bind(client)),
    command: attend(client.command.bind(client)),
    insert: attend(client.insert.bind(client)),
    exec: attend(client.exec.bind(client)),
  })
  return {
    client,
    unansweredMs() {
      for (const { atMs } of asked) return performance.now() - atMs
      return 0
    },
  }
}

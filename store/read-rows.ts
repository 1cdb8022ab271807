import type { ClickHouseClient } from '@clickhouse/client'

/** All rows of a small result, each an array of its columns. `client.query()` buffers: ask only for what is bounded. */
export const readRows = async <Row extends readonly unknown[]>(
  client: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, unknown>> = {},
  /** Ends the question: it rejects then. */
  ending?: AbortSignal,
): Promise<Row[]> => {
  const result = await client.query({
    query,
    format: 'JSONCompactEachRow',
    query_params: { ...parameters },
    ...(ending === undefined ? {} : { abort_signal: ending }),
  })
  const text = await result.text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

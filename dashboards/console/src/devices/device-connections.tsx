import { useInfiniteQuery } from '@tanstack/react-query'
import { useDesk } from '../desk.ts'
import { dayTime } from '../parts/format.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'

const pageItems = 100
const bad = /refus|deni|kick|takeover|throttl|reject/i

/** Its sessions and refusals, newest first. */
export const DeviceConnections = ({ device }: { device: string }) => {
  const { client, clock } = useDesk()
  const connections = useInfiniteQuery({
    queryKey: ['connections', device],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      client.call('deviceConnections', { params: { device }, query: { cursor: pageParam ?? undefined, limit: pageItems }, signal }),
    getNextPageParam: (last) => last.next,
  })
  const items = connections.data?.pages.flatMap((page) => page.items) ?? []
  const nowMs = clock.nowMs()
  return (
    <>
      {connections.isError ? (
        <ProblemNote error={connections.error} retry={() => void connections.refetch()} old={items.length > 0} />
      ) : null}
      {connections.data === undefined && !connections.isError ? (
        <Late>
          <span className="skeleton" />
        </Late>
      ) : null}
      {connections.data !== undefined && items.length === 0 ? <p className="muted">No connection is recorded.</p> : null}
      {items.length === 0 ? null : (
        <div className="table-box" tabIndex={0} role="region" aria-label="Sessions and refusals">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>What</th>
                <th>Address</th>
                <th>Why</th>
                <th>Client id</th>
                <th>TLS</th>
                <th>Topic</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item, at) => (
                <tr key={at}>
                  <td className="mono">{dayTime(item.at, nowMs)}</td>
                  <td className={bad.test(item.event) ? 'high' : ''}>
                    {item.event}
                    {item.amount === null ? '' : ` (${item.amount})`}
                  </td>
                  <td className="mono">{item.address}</td>
                  <td>{item.reason ?? ''}</td>
                  <td className="mono">{item.clientId ?? ''}</td>
                  <td className="soft">{[item.tlsVersion, item.cipher].filter((part) => part !== null).join(' ')}</td>
                  <td className="mono">{item.topic ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {connections.hasNextPage ? (
        <button
          type="button"
          className="button more"
          onClick={() => void connections.fetchNextPage()}
          disabled={connections.isFetchingNextPage}
        >
          {connections.isFetchingNextPage ? 'Loading…' : 'Older ones'}
        </button>
      ) : null}
    </>
  )
}

import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { useDesk } from '../desk.ts'
import { dayTime, score } from '../parts/format.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { SeverityMark } from '../parts/severity.tsx'

/** Every alert of the device, closed ones too. */
export const DeviceAlerts = ({ device }: { device: string }) => {
  const { client, clock, people } = useDesk()
  const alerts = useInfiniteQuery({
    queryKey: ['device-alerts', device],
    initialPageParam: null as string | null,
    refetchInterval: 15_000,
    queryFn: ({ pageParam, signal }) =>
      client.call('listAlerts', { query: { tab: 'all', sort: 'newest', device, limit: 100, cursor: pageParam ?? undefined }, signal }),
    getNextPageParam: (last) => last.next,
  })
  const items = alerts.data?.pages.flatMap((page) => page.items) ?? []
  const nowMs = clock.nowMs()
  return (
    <>
      {alerts.isError ? <ProblemNote error={alerts.error} retry={() => void alerts.refetch()} old={items.length > 0} /> : null}
      {alerts.data === undefined && !alerts.isError ? (
        <Late>
          <span className="skeleton" />
        </Late>
      ) : null}
      {alerts.data !== undefined && items.length === 0 ? <p className="muted">It has never raised an alert.</p> : null}
      {items.length === 0 ? null : (
        <div className="table-box" tabIndex={0} role="region" aria-label="Alerts of the device">
          <table className="table">
            <thead>
              <tr>
                <th>
                  <span className="sr">Severity</span>
                </th>
                <th>Opened</th>
                <th>Alert</th>
                <th>Score</th>
                <th>State</th>
                <th>Verdict</th>
                <th>Owner</th>
              </tr>
            </thead>
            <tbody>
              {items.map((alert) => (
                <tr key={alert.id}>
                  <td>
                    <SeverityMark severity={alert.severity} label />
                  </td>
                  <td className="mono">{dayTime(alert.openedAt, nowMs)}</td>
                  <td>
                    <Link href={`/alerts/${encodeURIComponent(alert.id)}`} className="device-link">
                      {alert.title}
                    </Link>
                    {alert.count > 1 ? <span className="times mono"> ×{alert.count}</span> : null}
                  </td>
                  <td className="mono">{score(alert.score)}</td>
                  <td>{alert.state}</td>
                  <td>{alert.verdict?.replace('-', ' ') ?? ''}</td>
                  <td>{alert.owner === null ? '' : people.nameOf(alert.owner)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {alerts.hasNextPage ? (
        <button type="button" className="button more" onClick={() => void alerts.fetchNextPage()} disabled={alerts.isFetchingNextPage}>
          Older ones
        </button>
      ) : null}
    </>
  )
}

import { useDesk } from '../desk.ts'
import { roleFor } from '../alerts/use-act.ts'
import { onlyReads, useReadsOnly } from '../live/use-reads-only.ts'
import { dayTime, whole } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useMe } from '../state/session.ts'
import { useChange, useSettings } from './use-list.ts'

/** What is hidden, why, by whom, until when, and how much it has hidden. New ones are made on an alert. */
export const SuppressionsSection = () => {
  const { client, clock, people } = useDesk()
  const me = useMe()
  const suppressions = useSettings('listSuppressions', 'suppressions')
  const end = useChange('suppressions', (id: string) => client.call('endSuppression', { params: { id } }))
  const needs = roleFor('endSuppression', me.role)
  const readsOnly = useReadsOnly() !== null
  const whyNot = needs !== null ? `Needs the role ${needs}` : readsOnly ? onlyReads : null
  const nowMs = clock.nowMs()
  return (
    <div className="sections">
      <p className="soft">
        A suppression hides later findings of one detector on one device or model. It is made on an alert (<kbd>S</kbd>) and ends by itself.
      </p>
      {[suppressions, end].map((one, at) => (one.isError ? <ProblemNote key={at} error={one.error} /> : null))}
      {suppressions.data?.items.length === 0 ? <p className="muted">Nothing is suppressed.</p> : null}
      {suppressions.data === undefined || suppressions.data.items.length === 0 ? null : (
        <div className="table-box" tabIndex={0} role="region" aria-label="All suppressions">
          <table className="table">
            <thead>
              <tr>
                <th>Detector</th>
                <th>On</th>
                <th>Reason</th>
                <th>Owner</th>
                <th>Until</th>
                <th>Hidden</th>
                <th>Last hidden</th>
                <th>
                  <span className="sr">Change</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {suppressions.data.items.map((one) => {
                const ended = one.endedAt !== null || one.expiresAt <= nowMs
                return (
                  <tr key={one.id} className={ended ? 'off' : ''}>
                    <td>{one.detector}</td>
                    <td>{'device' in one.scope ? <span className="mono">{one.scope.device}</span> : `every ${one.scope.model}`}</td>
                    <td>{one.reason}</td>
                    <td>{people.nameOf(one.owner)}</td>
                    <td className="mono">
                      {one.endedAt === null ? dayTime(one.expiresAt, nowMs) : `ended ${dayTime(one.endedAt, nowMs)}`}
                    </td>
                    <td className={`mono ${one.hidden > 0 && !ended ? 'high' : ''}`}>{whole(one.hidden)}</td>
                    <td className="mono">{one.lastHiddenAt === null ? 'never' : dayTime(one.lastHiddenAt, nowMs)}</td>
                    <td className="row-buttons">
                      {ended ? null : (
                        <button
                          type="button"
                          className="button small"
                          aria-disabled={whyNot !== null}
                          title={whyNot ?? undefined}
                          onClick={() => (whyNot === null ? end.mutate(one.id) : undefined)}
                        >
                          End now
                        </button>
                      )}
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

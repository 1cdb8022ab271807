import type { Alert } from '../../../contracts/alert.ts'
import type { AlertView } from '../../../contracts/api/alerts.ts'
import type { RouteId } from '../../../contracts/api/routes.ts'
import type { ActionOutcome, AlertAction } from '../../../contracts/triage-desk.ts'
import type { Call, Handler, Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { notFound, refuse, type Refusal } from '../refusal.ts'
import { timelineEntry } from '../timeline-entry.ts'

type Ids =
  | 'acknowledgeAlert'
  | 'assignAlert'
  | 'snoozeAlert'
  | 'wakeAlert'
  | 'closeAlert'
  | 'noteAlert'
  | 'containAlert'
  | 'undoAlert'
  | 'bulkAlerts'

const snoozeMsMax = 30 * 86_400_000

export const actionRoutes = (
  { desk, accounts, clock, newId }: Pick<ApiParts, 'desk' | 'accounts' | 'clock' | 'newId'>,
  viewOf: (alert: Alert) => AlertView,
): Handlers<Ids> => {
  /** What no state of an alert could allow. */
  const senseless = (action: AlertAction): Refusal | null => {
    if (action.type === 'snooze') {
      const fromNow = action.until - clock.now()
      if (fromNow <= 0 || fromNow > snoozeMsMax)
        return refuse(400, 'invalid', 'A snooze ends in the future, within 30 days', {
          errors: [{ path: 'until', message: 'within the next 30 days' }],
        })
    }
    if (action.type === 'assign' && action.owner !== null) {
      const owner = accounts.people.account(action.owner)
      if (owner === undefined || owner.disabled || owner.role === 'viewer')
        return refuse(400, 'invalid', 'Nobody of that name can own an alert', {
          errors: [{ path: 'owner', message: 'no account that may act on alerts' }],
        })
    }
    return null
  }

  const told = (outcome: Extract<ActionOutcome, { ok: false }>): Refusal => {
    if (outcome.reason === 'no-alert') return notFound('alert')
    const alert = viewOf(outcome.alert)
    const headers = { etag: `"${alert.version}"` }
    if (outcome.reason === 'not-now')
      return refuse(409, 'not-now', 'The alert does not allow that now', { detail: outcome.detail, alert }, headers)
    const { by, change, at } = outcome
    return refuse(
      409,
      'changed',
      `${by} was quicker`,
      { detail: `${by} did ${change} before this.`, changedBy: by, change, changedAt: at, alert },
      headers,
    )
  }

  const acting =
    <Id extends Exclude<Ids, 'bulkAlerts'>>(actionOf: (call: Call<Id>) => AlertAction): Handler<Id> =>
    async (call) => {
      const action = actionOf(call)
      const nonsense = senseless(action)
      if (nonsense !== null) return nonsense
      // Every action takes who may act: none of these routes is public.
      const { account } = (call as Call<Extract<RouteId, 'acknowledgeAlert'>>).who
      const outcome = await desk.act(call.at.id, call.version, account, action)
      if (!outcome.ok) return told(outcome)
      return { answer: { alert: viewOf(outcome.alert), event: timelineEntry(outcome.event) }, etag: outcome.alert.version } as never
    }

  return {
    acknowledgeAlert: acting(() => ({ type: 'acknowledge' })),
    assignAlert: acting(({ body }) => ({ type: 'assign', owner: body.owner })),
    snoozeAlert: acting(({ body }) => ({ type: 'snooze', until: body.until })),
    wakeAlert: acting(() => ({ type: 'wake' })),
    closeAlert: acting(({ body }) => ({ type: 'close', verdict: body.verdict, reason: body.reason })),
    noteAlert: acting(({ body }) => ({ type: 'note', note: body.note })),
    containAlert: acting(({ body }) => ({ type: 'contain', reason: body.reason })),
    undoAlert: acting(({ body }) => ({ type: 'undo', undoes: body.undoes })),
    async bulkAlerts({ body, who }) {
      const nonsense = senseless(body.action)
      if (nonsense !== null) return nonsense
      const ids = new Set(body.alerts.map(({ id }) => id))
      if (ids.size < body.alerts.length) return refuse(400, 'invalid', 'An alert is named twice')
      const bulk = newId()
      const outcomes = await desk.bulk(who.account, bulk, body.action, body.alerts)
      return {
        answer: {
          bulk,
          done: outcomes.flatMap((outcome) => (outcome.ok ? [viewOf(outcome.alert)] : [])),
          refused: outcomes.flatMap((outcome) => {
            if (outcome.ok) return []
            const { id, reason } = outcome
            return [
              {
                id,
                reason: reason === 'not-now' ? outcome.detail : reason,
                changedBy: reason === 'conflict' ? outcome.by : null,
                alert: reason === 'no-alert' ? null : viewOf(outcome.alert),
              },
            ]
          }),
        },
      }
    },
  }
}

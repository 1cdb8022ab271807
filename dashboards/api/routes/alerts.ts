import type { Alert } from '../../../contracts/alert.ts'
import type { AlertView } from '../../../contracts/api/alerts.ts'
import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { historyAway, notFound, refuse } from '../refusal.ts'
import { readTimeline } from '../timeline.ts'
import type { Assets } from '../views.ts'
import type { Summary } from '../summary.ts'

type Ids = 'listAlerts' | 'alertSummary' | 'alertSparks' | 'alert' | 'alertTimeline' | 'alertSignals'

const relatedMax = 20
const relatedWithinMs = 86_400_000
/** Of a device's alerts, how many are looked through for those near in time. */
const relatedLookedAtMax = 200
const signalsSpanMsMax = 8 * 86_400_000

export const alertRoutes = (
  parts: Pick<ApiParts, 'desk' | 'history' | 'clock' | 'runbook' | 'logger'>,
  viewOf: (alert: Alert) => AlertView,
  assets: Assets,
  summary: Summary,
): Handlers<Ids> => {
  const { desk, history, clock, runbook, logger } = parts
  const orAway = async <T>(read: () => Promise<T>): Promise<T | null> => {
    try {
      return await read()
    } catch (error) {
      logger.warn({ err: error }, 'history can not be read')
      return null
    }
  }

  return {
    listAlerts({ query, who }) {
      const { items, total, next, strangeCursor } = desk.list(query, who.account, clock.now())
      // The first page in its place would send a script round and round.
      if (strangeCursor === true) return refuse(400, 'cursor', 'This is no cursor of a list in this order')
      return { answer: { items: items.map(viewOf), total, next, sequence: desk.sequence } }
    },
    alertSummary: ({ who }) => ({ answer: summary.of(who.account) }),
    async alertSparks({ query }) {
      const alerts = query.ids.map((id) => desk.alert(id)).filter((alert) => alert !== undefined)
      const sparks = alerts.length === 0 ? {} : await orAway(() => history.sparks(alerts))
      return sparks === null ? historyAway() : { answer: { sparks: { ...sparks } } }
    },
    alert({ at }) {
      const alert = desk.alert(at.id)
      if (alert === undefined) return notFound('alert')
      const related = desk
        .onDevice(alert.device, relatedLookedAtMax)
        .filter(
          ({ id, firstSeen, lastSeen }) =>
            id !== alert.id && firstSeen - alert.lastSeen < relatedWithinMs && alert.firstSeen - lastSeen < relatedWithinMs,
        )
        .slice(0, relatedMax)
        .map(viewOf)
      return {
        answer: { alert: viewOf(alert), asset: assets.named(alert.device, alert.site), related, runbook: runbook(alert.detector) },
        etag: alert.version,
      }
    },
    async alertTimeline({ at, query }) {
      const alert = desk.alert(at.id)
      if (alert === undefined) return notFound('alert')
      const below = query.cursor === undefined ? null : Number(query.cursor)
      if (below !== null && !Number.isSafeInteger(below)) return refuse(400, 'cursor', 'This is no cursor of a timeline')
      const timeline = await orAway(() => readTimeline(desk, history, alert, below, query.limit))
      return timeline === null ? historyAway() : { answer: timeline }
    },
    async alertSignals({ at, query }) {
      const alert = desk.alert(at.id)
      if (alert === undefined) return notFound('alert')
      const { from = null, to = null } = query
      if (from !== null && to !== null && (to <= from || to - from > signalsSpanMsMax))
        return refuse(400, 'invalid', 'from must be before to, by at most 8 days')
      const signals = await orAway(() => history.signals(alert, { from, to }))
      return signals === null ? historyAway() : { answer: { signals: [...signals], behindMs: history.behindMs() } }
    },
  }
}

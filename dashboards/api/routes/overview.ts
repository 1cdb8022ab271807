import type { Alert } from '../../../contracts/alert.ts'
import { alertListQuery, type AlertView } from '../../../contracts/api/alerts.ts'
import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import type { Assets } from '../views.ts'
import { deviceMatches } from './devices.ts'

type Ids = 'pipeline' | 'search'

export const overviewRoutes = (
  { pipeline, desk, clock }: Pick<ApiParts, 'pipeline' | 'desk' | 'clock'>,
  viewOf: (alert: Alert) => AlertView,
  assets: Assets,
): Handlers<Ids> => ({
  pipeline: () => ({ answer: pipeline() }),
  search({ query: { q, limit }, who }) {
    const alerts = desk.list(alertListQuery.parse({ tab: 'all', sort: 'newest', q, limit }), who.account, clock.now()).items
    const matches = deviceMatches(q)
    const devices = []
    for (const record of assets.sorted()) {
      if (devices.length >= limit) break
      if (matches(record)) devices.push(assets.of(record))
    }
    return { answer: { alerts: alerts.map(viewOf), devices } }
  },
})

import type { Alert } from '../../../contracts/alert.ts'
import type { AlertView } from '../../../contracts/api/alerts.ts'
import { Readable } from 'node:stream'
import type { Handlers } from '../handler.ts'
import { exportPieces, exportTypes } from '../../export/export-pieces.ts'
import type { ApiParts } from '../parts.ts'

export const exportRoutes = (
  { desk, clock, site }: Pick<ApiParts, 'desk' | 'clock' | 'site'>,
  viewOf: (alert: Alert) => AlertView,
): Handlers<'exportAlerts'> => ({
  exportAlerts({ query, who, reply }) {
    const { format, as } = query
    void reply
      .header('content-type', exportTypes[format][as])
      .header('content-disposition', `attachment; filename="wardwatch-alerts-${format}.${as === 'json' ? 'json' : 'ndjson'}"`)
      .send(Readable.from(exportPieces({ desk, account: who.account, query, viewOf, nowMs: clock.now(), site }), { objectMode: false }))
    return undefined
  },
})

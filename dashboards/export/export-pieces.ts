import type { z } from 'zod'
import type { Alert } from '../../contracts/alert.ts'
import { type AlertListQuery, type AlertView, type exportQuery } from '../../contracts/api/alerts.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import { fhirDetectedIssue } from './fhir.ts'
import { ocsfFinding } from './ocsf.ts'

export const exportTypes = {
  ocsf: { json: 'application/json; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' },
  fhir: { json: 'application/fhir+json; charset=utf-8', ndjson: 'application/fhir+ndjson; charset=utf-8' },
} as const

const pageAlerts = 500

interface Wanted {
  readonly desk: Pick<TriageDesk, 'list'>
  readonly account: string
  readonly query: z.output<typeof exportQuery>
  readonly viewOf: (alert: Alert) => AlertView
  readonly nowMs: number
  readonly site: string
}

/** Alerts as text, a page at a time: 10,000 are never in memory at once, and a slow reader slows it down. */
export const exportPieces = async function* ({ desk, account, query, viewOf, nowMs, site }: Wanted): AsyncGenerator<string> {
  const { format, as, limit, ...filters } = query
  const map = format === 'ocsf' ? ocsfFinding : fhirDetectedIssue
  const lines = as === 'ndjson'
  const bundle = format === 'fhir' && !lines
  if (!lines) yield bundle ? `{"resourceType":"Bundle","type":"collection","timestamp":"${new Date(nowMs).toISOString()}"` : '['
  let told = 0
  let cursor: string | undefined
  do {
    const asked: AlertListQuery = {
      ...filters,
      sort: 'newest',
      limit: Math.min(pageAlerts, limit - told),
      ...(cursor === undefined ? {} : { cursor }),
    }
    const page = desk.list(asked, account, nowMs)
    let piece = ''
    for (const alert of page.items) {
      const text = JSON.stringify(map(viewOf(alert), site))
      if (lines) piece += `${text}\n`
      else if (bundle) piece += `${told === 0 ? ',"entry":[' : ','}{"resource":${text}}`
      else piece += `${told === 0 ? '' : ','}${text}`
      told++
    }
    if (piece !== '') yield piece
    cursor = page.items.length === 0 ? undefined : (page.next ?? undefined)
  } while (cursor !== undefined && told < limit)
  // FHIR has no empty array: a bundle of nothing has no `entry`.
  if (!lines) yield bundle ? (told === 0 ? '}' : ']}') : ']'
}

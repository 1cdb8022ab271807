import type { Clock } from '../../../contracts/clock.ts'
import type { Severity } from '../../../contracts/finding.ts'
import { headlineOf } from '../headline.ts'
import { cut } from '../plain-text.ts'
import type { Notifier, PageMessage } from '../port.ts'
import { postJson } from '../post-json.ts'

const severityOf = { critical: 'critical', high: 'error', medium: 'warning', low: 'info' } as const satisfies Record<Severity, string>
const actionOf = { page: 'trigger', storm: 'trigger', test: 'trigger', acknowledged: 'acknowledge', closed: 'resolve' } as const
/** Limits of the API, characters. */
const summaryCharactersMax = 1_024

/** PagerDuty Events API v2. `dedup_key` is the alert's id: repeats and later steps fold into one incident, which follows the alert's state. One for many alerts is an incident of its own, that a person resolves there. */
export const createPagerDutyNotifier = ({ clock }: { readonly clock: Clock }): Notifier<'pagerduty'> => ({
  keepsState: true,
  async send(message, { url, routingKey }, signal) {
    if (routingKey === null) return { outcome: 'refused', problem: 'it has no routing key' }
    const post = (event: object) => postJson({ url, body: JSON.stringify({ routing_key: routingKey, ...event }), signal, clock })
    const sent = await post(eventOf(message))
    if (message.kind !== 'test' || sent.outcome !== 'sent') return sent
    // A test leaves no incident open.
    return post({ event_action: 'resolve', dedup_key: message.alert.id })
  },
})

const eventOf = (message: PageMessage) => {
  const { alert, kind, rule, link } = message
  const base = { event_action: actionOf[kind], dedup_key: message.storm === null ? alert.id : message.id }
  if (kind === 'acknowledged' || kind === 'closed') return base
  return {
    ...base,
    client: 'Wardwatch',
    ...(link === null ? {} : { client_url: link, links: [{ href: link, text: `${alert.id} in Wardwatch` }] }),
    payload: {
      summary: cut(headlineOf(message), summaryCharactersMax),
      source: alert.device,
      severity: severityOf[alert.severity],
      timestamp: new Date(alert.lastSeen).toISOString(),
      component: alert.detector,
      ...(alert.site === null ? {} : { group: alert.site }),
      class: alert.title,
      custom_details: {
        alert: alert.id,
        findings: alert.count,
        score: alert.score,
        why: alert.why,
        evidence: alert.evidence,
        attack: alert.attack,
        rule: rule === null ? null : `${rule.title}, step ${rule.step + 1} of ${rule.steps}`,
        page: message.id,
        ...(message.storm === null ? {} : { storm: message.storm }),
      },
    },
  }
}

import { severities } from '../../contracts/finding.ts'
import type { PageMessage } from './port.ts'

/** One line that says it all on a locked phone: how bad, what, where, why. */
export const headlineOf = (message: PageMessage): string =>
  `${titleOf(message)}${message.storm === null ? '' : `. The worst: ${aboutOf(message)}`}: ${message.alert.why}`

/** The same without the reason: a subject. */
export const titleOf = (message: PageMessage): string => {
  const { kind, alert, storm } = message
  if (storm === null) return `${kind === 'test' ? 'TEST' : alert.severity.toUpperCase()} ${aboutOf(message)}`
  const counts = severities.toReversed().flatMap((severity) => (storm[severity] === 0 ? [] : [`${storm[severity]} ${severity}`]))
  return `${alert.severity.toUpperCase()} ${storm.alerts} more ${storm.alerts === 1 ? 'alert' : 'alerts'}, too many to page one by one: ${counts.join(', ')}`
}

/** What, and where. */
export const aboutOf = ({ alert }: PageMessage): string =>
  `${alert.title} on ${alert.site === null ? alert.device : `${alert.device} (${alert.site})`}`

/** Why this channel is told, and what it can be told apart by. */
export const footerOf = ({ rule, alert, id }: PageMessage): string =>
  [
    alert.id,
    `${alert.count} ${alert.count === 1 ? 'finding' : 'findings'}`,
    ...(rule === null ? [] : [`rule "${rule.title}"${rule.steps === 1 ? '' : `, step ${rule.step + 1} of ${rule.steps}`}`]),
    `page ${id.slice(0, 8)}`,
  ].join(' · ')

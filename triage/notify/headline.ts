import type { PageMessage } from './port.ts'

/** One line that says it all on a locked phone: how bad, what, where, why. */
export const headlineOf = (message: PageMessage): string => `${titleOf(message)}: ${message.alert.why}`

/** The same without the reason: a subject. */
export const titleOf = ({ kind, alert }: PageMessage): string => {
  const where = alert.site === null ? alert.device : `${alert.device} (${alert.site})`
  return `${kind === 'test' ? 'TEST' : alert.severity.toUpperCase()} ${alert.title} on ${where}`
}

/** Why this channel is told, and what it can be told apart by. */
export const footerOf = ({ rule, alert, id }: PageMessage): string =>
  [
    alert.id,
    `${alert.count} ${alert.count === 1 ? 'finding' : 'findings'}`,
    ...(rule === null ? [] : [`rule "${rule.title}"${rule.steps === 1 ? '' : `, step ${rule.step + 1} of ${rule.steps}`}`]),
    `page ${id.slice(0, 8)}`,
  ].join(' · ')

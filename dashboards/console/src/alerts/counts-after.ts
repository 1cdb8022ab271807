import type { AlertSummary, AlertView } from '../../../../contracts/api/alerts.ts'

type Tab = keyof AlertSummary['tabs']

const tabsOf = (alert: AlertView, me: string): readonly Tab[] => {
  if (alert.state === 'snoozed' || alert.state === 'closed') return [alert.state]
  return alert.owner === me ? ['triage', 'mine'] : ['triage']
}

/**
 * The counts after a change of one alert, at once: the platform's own counts come at most each second, and are what stays. Null when they have
 * this change in them already.
 * @param guess an own action that the platform has not answered yet, or its rollback
 */
export const countsAfter = (
  summary: AlertSummary,
  before: AlertView,
  after: AlertView,
  me: string,
  guess: boolean,
): AlertSummary | null => {
  if (!guess && summary.sequence >= after.sequence) return null
  const tabs = { ...summary.tabs }
  for (const tab of tabsOf(before, me)) tabs[tab] = Math.max(0, tabs[tab] - 1)
  for (const tab of tabsOf(after, me)) tabs[tab] += 1
  const severities = { ...summary.severities }
  if (tabsOf(before, me).includes('triage')) severities[before.severity] = Math.max(0, severities[before.severity] - 1)
  if (tabsOf(after, me).includes('triage')) severities[after.severity] += 1
  return { ...summary, tabs, severities }
}

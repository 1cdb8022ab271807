import { type Notifier, type PagingRule, pagingRulesBody } from '../../contracts/api/paging.ts'
import type { Alert } from '../../contracts/alert.ts'

/** The record of a topic is at most 1 MB; all rules are one record. */
const rulesBytesMax = 500_000

/** The hour of the day, 0..23, at a place. Throws RangeError when there is no such zone. */
export const hourIn = (timeZone: string): ((atMs: number) => number) => {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' })
  return (atMs) => Number(format.format(atMs))
}

export const isInHours = (hours: PagingRule['hours'], hour: number): boolean => {
  if (hours === null) return true
  const { from, to } = hours
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to
}

/** Whether a rule is about an alert at all; its hours are another matter: they say when it begins, not when it ends. */
export const isAbout = (rule: PagingRule, alert: Pick<Alert, 'severity' | 'site'>): boolean =>
  rule.enabled &&
  rule.severities.includes(alert.severity) &&
  (rule.sites.length === 0 || (alert.site !== null && rule.sites.includes(alert.site)))

/** What is wrong with a set of rules, or null. */
export const rulesProblem = (rules: readonly PagingRule[], notifiers: readonly Pick<Notifier, 'id'>[]): string | null => {
  const parsed = pagingRulesBody.safeParse({ rules })
  if (!parsed.success) return 'these are not rules'
  const ids = new Set<string>()
  const known = new Set(notifiers.map(({ id }) => id))
  for (const { id, hours, steps } of rules) {
    if (ids.has(id)) return `two rules are named ${id}`
    ids.add(id)
    // 22 to 0 and 24 to 6 are times; 0 to 0 and 24 to 0 are none.
    if (hours !== null && hours.from % 24 === hours.to % 24 && hours.to - hours.from !== 24)
      return `rule ${id}: from ${hours.from} to ${hours.to} is no time of the day`
    if (steps[0]!.afterMinutes !== 0) return `rule ${id}: its first step goes out at once, after 0 minutes`
    for (const [i, step] of steps.entries()) {
      if (i > 0 && step.afterMinutes <= steps[i - 1]!.afterMinutes) return `rule ${id}: step ${i + 1} comes no later than the one before it`
      const stranger = step.notifiers.find((notifier) => !known.has(notifier))
      if (stranger !== undefined) return `rule ${id}: there is no notifier ${stranger}`
      if (new Set(step.notifiers).size !== step.notifiers.length) return `rule ${id}: step ${i + 1} names a notifier twice`
    }
  }
  return Buffer.byteLength(JSON.stringify(rules)) > rulesBytesMax ? 'the rules are too long' : null
}

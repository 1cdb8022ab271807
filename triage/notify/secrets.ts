import type { NotifierSettings } from '../../contracts/api/paging.ts'

/** The settings as they may be shown: every secret null. */
export const withoutSecrets = (settings: NotifierSettings): NotifierSettings => {
  if (settings.kind === 'webhook') return { ...settings, secret: null }
  if (settings.kind === 'pagerduty') return { ...settings, routingKey: null }
  return settings.kind === 'slack' ? { ...settings, url: null } : { ...settings, password: null }
}

const secretOf = (settings: NotifierSettings): string | null => {
  if (settings.kind === 'webhook') return settings.secret
  if (settings.kind === 'pagerduty') return settings.routingKey
  return settings.kind === 'slack' ? settings.url : settings.password
}
export const hasSecret = (settings: NotifierSettings): boolean => secretOf(settings) !== null

export type Merged = { readonly ok: true; readonly settings: NotifierSettings } | { readonly ok: false; readonly problem: string }

/**
 * New settings with the secret of the old ones where they give none. A secret that is sent to the receiver is not kept when the receiver changes:
 * who may write settings but not read them would have it sent to a server of their own.
 */
export const mergeSecrets = (before: NotifierSettings | undefined, after: NotifierSettings): Merged => {
  const merged = kept(before, after)
  if (merged === null) return { ok: false, problem: 'where it sends to has changed: give the secret again' }
  const problem = problemOf(merged)
  return problem === null ? { ok: true, settings: merged } : { ok: false, problem }
}

const kept = (before: NotifierSettings | undefined, after: NotifierSettings): NotifierSettings | null => {
  if (before === undefined || secretOf(after) !== null || secretOf(before) === null) return after
  if (after.kind === 'webhook') return before.kind === 'webhook' ? { ...after, secret: before.secret } : after
  if (after.kind === 'slack') return before.kind === 'slack' ? { ...after, url: before.url } : after
  if (after.kind === 'pagerduty') {
    if (before.kind !== 'pagerduty') return after
    return before.url === after.url ? { ...after, routingKey: before.routingKey } : null
  }
  // Without a user no password is sent, and none is kept.
  if (before.kind !== 'email' || after.user === null) return after
  const same = before.host === after.host && before.port === after.port && before.user === after.user
  return same && (before.tls === after.tls || after.tls !== 'none') ? { ...after, password: before.password } : null
}

const problemOf = (settings: NotifierSettings): string | null => {
  if (settings.kind === 'webhook')
    return settings.secret === null ? 'a webhook needs a secret: its pages are signed with it' : urlProblem(settings.url)
  if (settings.kind === 'pagerduty') return settings.routingKey === null ? 'PagerDuty needs a routing key' : urlProblem(settings.url)
  if (settings.kind === 'slack') return settings.url === null ? 'Slack needs the address of an incoming webhook' : urlProblem(settings.url)
  return settings.user !== null && settings.password === null ? 'a user needs a password' : null
}

/** Never tells the address: Slack's is a secret. */
const urlProblem = (text: string): string | null => {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'its address is not http:// or https://'
  return url.username !== '' || url.password !== '' ? 'a user or password does not belong in its address' : null
}

import { z } from 'zod'
import { notifierSettings, pageKind, pagingRule } from './api/paging.ts'
import { severity } from './finding.ts'

/**
 * `paging.v1`: the notifiers, the rules and the outbox of pages are the fold of these events. Secrets stand in them as they were given (the log is
 * sealed); whatever leaves the desk has them taken out.
 */
const recorded = {
  /** When it was recorded, ms. */
  at: z.number(),
  /** The case events up to this sequence are weighed: what came after them is weighed at the next start. */
  caseSequence: z.number().int(),
}

export const notifierPut = z.strictObject({
  type: z.literal('notifier.put'),
  ...recorded,
  actor: z.string(),
  notifier: z.string(),
  title: z.string(),
  enabled: z.boolean(),
  settings: notifierSettings,
})
export const notifierDeleted = z.strictObject({ type: z.literal('notifier.deleted'), ...recorded, actor: z.string(), notifier: z.string() })
/** Somebody sent a test page; `problem` null when it arrived. */
export const notifierTested = z.strictObject({
  type: z.literal('notifier.tested'),
  ...recorded,
  notifier: z.string(),
  problem: z.string().nullable(),
})
/** The retries have failed for long, or a page was refused for good; `alert` says so. */
export const channelDead = z.strictObject({ type: z.literal('channel.dead'), ...recorded, notifier: z.string(), alert: z.string() })

export const rulesPut = z.strictObject({ type: z.literal('rules.put'), ...recorded, actor: z.string(), rules: z.array(pagingRule) })

export const pageQueued = z.strictObject({
  type: z.literal('page.queued'),
  ...recorded,
  page: z.string(),
  kind: pageKind,
  alert: z.string(),
  rule: z.string().nullable(),
  step: z.number().int(),
  notifier: z.string(),
  /** The alert's when it was queued: another rule tells the same channel again only of worse. */
  severity,
  /** Not sent before, ms: the later steps wait here for nobody to acknowledge. */
  dueAt: z.number(),
  /** The alert was acknowledged already and got worse: being acknowledged does not take this page back. */
  acknowledged: z.boolean(),
})
export const pageSent = z.strictObject({
  type: z.literal('page.sent'),
  ...recorded,
  page: z.string(),
  /** It went out, but not all is well (one of several recipients was refused). */
  warning: z.string().nullable(),
})
export const pageAttemptFailed = z.strictObject({
  type: z.literal('page.attempt-failed'),
  ...recorded,
  page: z.string(),
  problem: z.string(),
  /** It is not tried again: refused for good, or given up. */
  final: z.boolean(),
  /** The channel rests until then, ms; the page too when it is tried again. */
  nextTryAt: z.number(),
})
/** Not wanted any more before it could be sent, or no room for it. The same page may be queued again when it is wanted again. */
export const pageDropped = z.strictObject({ type: z.literal('page.dropped'), ...recorded, page: z.string(), reason: z.string() })
/** Too many for one by one: a page of kind `storm` tells of them together, the worst first. */
export const pagesGathered = z.strictObject({
  type: z.literal('pages.gathered'),
  ...recorded,
  page: z.string(),
  notifier: z.string(),
  /** The worst, and how bad it is. */
  alert: z.string(),
  severity,
  alerts: z.number().int(),
  pages: z.array(z.string()),
  /** When the oldest of them was due, ms. */
  dueAt: z.number(),
})
/** The alert is closed and its pages are settled: nothing has to be remembered of it to tell a repeat. */
export const alertSettled = z.strictObject({ type: z.literal('alert.settled'), ...recorded, alert: z.string() })

export const pagingEvent = z.discriminatedUnion('type', [
  notifierPut,
  notifierDeleted,
  notifierTested,
  channelDead,
  rulesPut,
  pageQueued,
  pageSent,
  pageAttemptFailed,
  pageDropped,
  pagesGathered,
  alertSettled,
])
export type PagingEvent = z.infer<typeof pagingEvent>

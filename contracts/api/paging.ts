import { z } from 'zod'
import { severity } from '../finding.ts'
import { suppression, suppressionDaysMax, suppressionScope } from '../suppression.ts'

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'lower-case letters, digits and -')
const httpUrl = z.url({ protocol: /^https?$/ }).max(2_000)
/** A secret is written, never read: an answer has `null` where one is set or not; a body with null keeps the one that is there. */
const secret = z.string().min(1).max(1_000).nullable()

/** RFC 5321, 4.5.3.1: at most 64 octets before the @, 254 in all. */
const mailbox = z
  .email()
  .max(254)
  .regex(/^[^@]{1,64}@/)

export const notifierSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('webhook'), url: httpUrl, secret }),
  z.strictObject({ kind: z.literal('pagerduty'), routingKey: secret, url: httpUrl.default('https://events.pagerduty.com/v2/enqueue') }),
  z.strictObject({ kind: z.literal('slack'), url: secret }),
  z.strictObject({
    kind: z.literal('email'),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    /** `required`: TLS from the first byte (port 465); `starttls`: nothing is sent before STARTTLS has worked; `none`: in the clear. */
    tls: z.enum(['required', 'starttls', 'none']).default('starttls'),
    user: z.string().max(200).nullable(),
    password: secret,
    from: mailbox,
    to: z.array(mailbox).min(1).max(20),
  }),
])
export type NotifierSettings = z.infer<typeof notifierSettings>

export const notifier = z.object({
  id: name,
  title: z.string(),
  enabled: z.boolean(),
  settings: notifierSettings,
  hasSecret: z.boolean(),
  /** `dead` after the retries of a page have failed for long; an alert says so. */
  health: z.enum(['unknown', 'alive', 'failing', 'dead']),
  lastSentAt: z.number().nullable(),
  lastProblem: z.string().nullable(),
  waiting: z.number().int(),
  /** Moves with every change of its settings, the secret's too; what a change sends back as `If-Match`. */
  version: z.number().int(),
})
export type Notifier = z.infer<typeof notifier>
export const notifierBody = z.strictObject({ title: z.string().min(1).max(64), enabled: z.boolean(), settings: notifierSettings })

/** Who is told of which alert, when. The first step goes out at once; the next ones when nobody has acknowledged. Hours are those of the setting `paging.timeZone`. */
export const pagingRule = z.strictObject({
  id: name,
  title: z.string().min(1).max(64),
  enabled: z.boolean(),
  severities: z.array(severity).min(1),
  /** Empty: every site. */
  sites: z.array(z.string().max(128)).max(100),
  /** 0-24; from > to goes over midnight; null: always. */
  hours: z.strictObject({ from: z.int().min(0).max(24), to: z.int().min(0).max(24) }).nullable(),
  steps: z
    .array(z.strictObject({ notifiers: z.array(name).min(1).max(10), afterMinutes: z.number().min(0).max(1_440) }))
    .min(1)
    .max(5),
})
export type PagingRule = z.infer<typeof pagingRule>
export const pagingRulesBody = z.strictObject({ rules: z.array(pagingRule).max(50) })
/** `version` is the ETag as a number: what a change sends back as `If-Match`. `timeZone` is that of the hours, as IANA names it. */
export const pagingRules = z.object({ rules: z.array(pagingRule).max(50), version: z.number().int(), timeZone: z.string() })
export type PagingRules = z.infer<typeof pagingRules>

/** `page`: a rule asked for it. `storm`: tells of many at once. The others follow a page to a channel that keeps an alert's state itself (PagerDuty). */
export const pageKind = z.enum(['page', 'storm', 'acknowledged', 'closed'])
export type PageKind = z.infer<typeof pageKind>

/** One message to one channel about one alert; of kind `storm` about several, of which `alert` is the worst. */
export const page = z.object({
  /** A hash of alert, severity, kind, rule, step and notifier: what the receiver gets as the key that tells a repeat. */
  id: z.string(),
  kind: pageKind,
  alert: z.string(),
  notifier: z.string(),
  /** Null for what is not of kind `page`. */
  rule: z.string().nullable(),
  step: z.number().int(),
  /** `grouped`: one of kind `storm` tells of it. */
  state: z.enum(['waiting', 'sent', 'failed', 'dropped', 'grouped']),
  /** How many it was to tell of. */
  alerts: z.number().int(),
  attempts: z.number().int(),
  queuedAt: z.number(),
  sentAt: z.number().nullable(),
  nextTryAt: z.number().nullable(),
  problem: z.string().nullable(),
})
export type Page = z.infer<typeof page>
export const pages = z.object({ items: z.array(page) })
export const notifiers = z.object({ items: z.array(notifier) })
export const testAnswer = z.object({ ok: z.boolean(), problem: z.string().nullable() })

export const suppressions = z.object({ items: z.array(suppression) })
export const suppressionCreate = z.strictObject({
  detector: z.string().min(1).max(64),
  scope: suppressionScope,
  reason: z.string().trim().min(1).max(2_000),
  expiresInHours: z
    .number()
    .min(0.1)
    .max(suppressionDaysMax * 24),
})

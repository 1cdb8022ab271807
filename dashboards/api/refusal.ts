import type { Problem } from '../../contracts/api/problem.ts'

/** Why something is not done, as RFC 9457 tells it. An expected end of a request is such a value, never a throw. */
export interface Refusal {
  readonly refused: true
  readonly status: number
  /** The last word of the problem's `type`. */
  readonly reason: string
  readonly title: string
  readonly more: Omit<Partial<Problem>, 'type' | 'title' | 'status' | 'requestId' | 'instance'>
  readonly headers: Readonly<Record<string, string>>
}

export const refuse = (
  status: number,
  reason: string,
  title: string,
  more: Refusal['more'] = {},
  headers: Refusal['headers'] = {},
): Refusal => ({ refused: true, status, reason, title, more, headers })

export const isRefusal = (value: unknown): value is Refusal => typeof value === 'object' && value !== null && 'refused' in value

const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1_000)))

export const notFound = (what: string): Refusal => refuse(404, 'not-found', `There is no such ${what}`)
export const later = (retryAfterMs: number, title = 'Too many requests'): Refusal =>
  refuse(429, 'too-many-requests', title, { detail: `Try again in ${seconds(retryAfterMs)} s.` }, { 'retry-after': seconds(retryAfterMs) })
export const ifMatchMissing = (): Refusal =>
  refuse(428, 'if-match', 'If-Match is missing', { detail: 'Send the ETag of what you change as you saw it.' })
export const busy = (title = 'The desk is busy'): Refusal => refuse(503, 'busy', title, {}, { 'retry-after': '1' })
/** ClickHouse is away; what is in memory is still answered. */
export const historyAway = (): Refusal =>
  refuse(
    503,
    'history-away',
    'History can not be read now',
    { detail: 'The store does not answer. Alerts and actions work without it.' },
    { 'retry-after': '5' },
  )

/** Another desk leads: what changes something goes there. */
export const notLeading = (leader: string | null): Refusal =>
  refuse(
    503,
    'not-leading',
    'This desk only reads',
    {
      detail:
        leader === null
          ? 'No desk leads right now: one will in a moment. Nothing was changed.'
          : `The desk at ${leader} leads. Nothing was changed.`,
      ...(leader === null ? {} : { leader }),
    },
    { 'retry-after': leader === null ? '2' : '10' },
  )

export const problemOf = (refusal: Refusal, requestId: string): Problem => ({
  type: `urn:wardwatch:problem:${refusal.reason}`,
  title: refusal.title,
  status: refusal.status,
  requestId,
  ...refusal.more,
})

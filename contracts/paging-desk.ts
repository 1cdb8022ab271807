import { createHash } from 'node:crypto'
import type { Notifier, NotifierSettings, Page, PagingRule } from './api/paging.ts'

export type PagingRefusal = { readonly ok: false; readonly problem: string }

/** The pager as the API sees it. Settings and pages are durable in `paging.v1`; secrets are written and never read back. */
export interface PagingDesk {
  notifiers(): readonly Notifier[]
  /**
   * A null secret in `settings` keeps the one that is there.
   * @param version that the actor saw, 0 for one that must not be there yet; refused when it is another by now. Without it the check is skipped.
   */
  putNotifier(
    actor: string,
    id: string,
    body: { readonly title: string; readonly enabled: boolean; readonly settings: NotifierSettings },
    version?: number,
  ): Promise<{ readonly ok: true; readonly notifier: Notifier } | PagingRefusal>
  /** Refused while a rule names it, and as above. */
  deleteNotifier(actor: string, id: string, version?: number): Promise<{ readonly ok: true } | PagingRefusal>
  /** Sends a test page now, once; answers what became of it. */
  test(id: string): Promise<{ readonly ok: boolean; readonly problem: string | null }>
  rules(): readonly PagingRule[]
  /** @param version of the rules that the actor saw; refused when they are others by now. Without it the check is skipped. */
  putRules(actor: string, rules: readonly PagingRule[], version?: number): Promise<{ readonly ok: true } | PagingRefusal>
  /** Of the rules' hours, as IANA names it. */
  readonly timeZone: string
  /** Newest first, at most 200. */
  pages(): readonly Page[]
  stats(): Readonly<Record<string, number>>
}

/** What is sent back as `If-Match`: the same rules, the same number. */
export const rulesVersion = (rules: readonly PagingRule[]): number =>
  Number.parseInt(createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 12), 16)

/** Why a change of a channel that was seen in `version` is refused, or null. @param now undefined: there is none of that name */
export const notifierMoved = (
  now: { readonly version: number; readonly changedBy: string } | undefined,
  version: number | undefined,
): string | null => {
  if (version === undefined || version === (now?.version ?? 0)) return null
  if (now === undefined) return 'somebody took the channel out meanwhile'
  return version === 0 ? `${now.changedBy} has made a channel of that name` : `${now.changedBy} has changed it meanwhile: look again`
}

export const rulesMoved = 'somebody has changed the rules meanwhile: look again'

import type { Notifier, NotifierSettings, Page, PagingRule } from './api/paging.ts'

export type PagingRefusal = { readonly ok: false; readonly problem: string }

/** The pager as the API sees it. Settings and pages are durable in `paging.v1`; secrets are written and never read back. */
export interface PagingDesk {
  notifiers(): readonly Notifier[]
  /** A null secret in `settings` keeps the one that is there. */
  putNotifier(
    actor: string,
    id: string,
    body: { readonly title: string; readonly enabled: boolean; readonly settings: NotifierSettings },
  ): Promise<{ readonly ok: true; readonly notifier: Notifier } | PagingRefusal>
  /** Refused while a rule names it. */
  deleteNotifier(actor: string, id: string): Promise<{ readonly ok: true } | PagingRefusal>
  /** Sends a test page now, once; answers what became of it. */
  test(id: string): Promise<{ readonly ok: boolean; readonly problem: string | null }>
  rules(): readonly PagingRule[]
  putRules(actor: string, rules: readonly PagingRule[]): Promise<{ readonly ok: true } | PagingRefusal>
  /** Newest first, at most 200. */
  pages(): readonly Page[]
  stats(): Readonly<Record<string, number>>
}

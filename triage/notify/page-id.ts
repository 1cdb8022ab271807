import { createHash } from 'node:crypto'
import type { PageKind } from '../../contracts/api/paging.ts'
import type { Severity } from '../../contracts/finding.ts'

/** 16 bytes of SHA-256 in hex over what the page is: never over when. The same page has the same id after every restart. */
export const pageId = (page: {
  readonly kind: PageKind
  readonly alert: string
  readonly rule: string | null
  readonly step: number
  readonly notifier: string
  /** The alert's when the page was queued: an alert that wakes because it got worse is told anew. */
  readonly severity: Severity
}): string =>
  createHash('sha256')
    .update(JSON.stringify([page.kind, page.alert, page.rule, page.step, page.notifier, page.severity]))
    .digest('hex')
    .slice(0, 32)

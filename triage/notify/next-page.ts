import type { Channel, PageRecord } from './fold.ts'
import { calm, type Storm } from './storm.ts'

/** A page that has failed so often lets the others go before it: one that its receiver can't take does not stop the rest. */
const attemptsBeforeYield = 12

export interface NextPage {
  readonly record: PageRecord
  /** When, ms. */
  readonly at: number
  /** Not empty: these are too many for one by one, and are told together. */
  readonly together: readonly PageRecord[]
}

/** What a channel sends next: the oldest that is due, or what will be due first; null when nothing waits. */
export const nextPage = (
  channel: Pick<Channel, 'restsUntil'>,
  waiting: Iterable<PageRecord>,
  nowMs: number,
  storm: Storm = calm,
): NextPage | null => {
  let due: PageRecord | null = null
  let later: NextPage | null = null
  const held: PageRecord[] = []
  let togetherWaits = false
  for (const record of waiting) {
    if (record.kind === 'storm') togetherWaits = true
    const dueAt = Math.max(record.dueAt, record.nextTryAt ?? 0, channel.restsUntil)
    // One that may have arrived already is no other page's business.
    const at = record.kind === 'page' && record.attempts === 0 ? Math.max(dueAt, storm.heldUntil(record.severity)) : dueAt
    if (at <= nowMs) {
      if (due === null || goesBefore(record, due)) due = record
    } else {
      if (dueAt <= nowMs) held.push(record)
      if (later === null || at < later.at || (at === later.at && goesBefore(record, later.record))) later = { record, at, together: [] }
    }
  }
  if (due !== null) return { record: due, at: nowMs, together: [] }
  if (held.length === 0 || togetherWaits || (later !== null && later.at <= storm.togetherAt)) return later
  return { record: held[0]!, at: Math.max(nowMs, storm.togetherAt), together: held }
}

const goesBefore = (a: PageRecord, b: PageRecord): boolean => {
  const yielded = Math.floor(a.attempts / attemptsBeforeYield) - Math.floor(b.attempts / attemptsBeforeYield)
  if (yielded !== 0) return yielded < 0
  return a.dueAt === b.dueAt ? a.order < b.order : a.dueAt < b.dueAt
}

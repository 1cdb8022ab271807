import type { Channel, PageRecord } from './fold.ts'

/** A page that has failed so often lets the others go before it: one that its receiver can't take does not stop the rest. */
const attemptsBeforeYield = 12

export interface NextPage {
  readonly record: PageRecord
  /** When, ms. */
  readonly at: number
}

/** What a channel sends next: the oldest that is due, or what will be due first; null when nothing waits. */
export const nextPage = (channel: Pick<Channel, 'restsUntil'>, waiting: Iterable<PageRecord>, nowMs: number): NextPage | null => {
  let due: PageRecord | null = null
  let later: NextPage | null = null
  for (const record of waiting) {
    const at = Math.max(record.dueAt, record.nextTryAt ?? 0, channel.restsUntil)
    if (at <= nowMs) {
      if (due === null || goesBefore(record, due)) due = record
    } else if (later === null || at < later.at || (at === later.at && goesBefore(record, later.record))) later = { record, at }
  }
  return due === null ? later : { record: due, at: nowMs }
}

const goesBefore = (a: PageRecord, b: PageRecord): boolean => {
  const yielded = Math.floor(a.attempts / attemptsBeforeYield) - Math.floor(b.attempts / attemptsBeforeYield)
  if (yielded !== 0) return yielded < 0
  return a.dueAt === b.dueAt ? a.order < b.order : a.dueAt < b.dueAt
}

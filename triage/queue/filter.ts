import type { AlertListQuery } from '../../contracts/api/alerts.ts'
import type { Row } from './row.ts'

/** Further words of a search are not looked for. */
export const searchWordsMax = 16

/** What a row has to be for the query; null when every row is. */
export const filterOf = (query: AlertListQuery, nowMs: number): ((row: Row) => boolean) | null => {
  const { severity, site, device, detector, q, from, to, pastDue } = query
  const tests: ((row: Row) => boolean)[] = []
  if (severity !== undefined) tests.push(({ alert }) => severity.includes(alert.severity))
  if (site !== undefined) tests.push(({ alert }) => alert.site === site)
  if (device !== undefined) tests.push(({ alert }) => alert.device === device)
  if (detector !== undefined) tests.push(({ alert }) => alert.detector === detector)
  if (from !== undefined) tests.push(({ alert }) => alert.lastSeen >= from)
  if (to !== undefined) tests.push(({ alert }) => alert.lastSeen < to)
  if (pastDue !== undefined) tests.push(({ nextDueAt }) => (nextDueAt !== null && nextDueAt <= nowMs) === pastDue)
  // The longest word first: it is the rarest.
  const words = (q ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, searchWordsMax)
    .sort((a, b) => b.length - a.length)
  for (const word of words) tests.push(({ haystack }) => haystack.includes(word))
  if (tests.length === 0) return null
  return tests.length === 1 ? tests[0]! : (row) => tests.every((test) => test(row))
}

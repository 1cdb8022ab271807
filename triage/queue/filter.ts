import type { AlertListQuery } from '../../contracts/api/alerts.ts'
import { severities } from '../../contracts/finding.ts'
import type { Columns } from './columns.ts'
import { sharedNumber } from './numbers.ts'
import { shelfNumber } from './row.ts'

/** Further words of a search are not looked for. */
export const searchWordsMax = 16

/** Whether the alert in a slot is on the query's tab and matches its filters. */
export type SlotTest = (slot: number) => boolean

const shelvesOf = (tab: AlertListQuery['tab']): number =>
  tab === 'all' ? 0b1110 : 1 << shelfNumber[tab === 'triage' || tab === 'mine' ? 'open' : tab]

/** Null when no filter is set: then the tab is the answer. */
export const filterOf = (columns: Columns, query: AlertListQuery, asker: string | null, nowMs: number): SlotTest | null => {
  const { severity, site, device, detector, q, from, to, pastDue } = query
  const { numbers, haystacks, alerts } = columns
  const words = (q ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, searchWordsMax)
    // The longest is the rarest.
    .sort((a, b) => b.length - a.length)
  if ([severity, site, device, detector, from, to, pastDue].every((value) => value === undefined) && words.length === 0) return null

  const shelves = shelvesOf(query.tab)
  const severityBits = severity === undefined ? 0b1111 : severity.reduce((bits, word) => bits | (1 << severities.indexOf(word)), 0)
  const owner = query.tab === 'mine' ? (asker ?? '') : undefined
  const equals = (column: 'site' | 'detector' | 'owner', wanted: string | undefined): SlotTest | null => {
    if (wanted === undefined) return null
    const number = numbers[column].find(wanted)
    const has = columns[column]
    return number === sharedNumber ? (slot) => has[slot] === number && alerts[slot]![column] === wanted : (slot) => has[slot] === number
  }
  const tests = [equals('owner', owner), equals('site', site), equals('detector', detector)].filter((test) => test !== null)
  if (from !== undefined) tests.push((slot) => columns.lastSeen[slot]! >= from)
  if (to !== undefined) tests.push((slot) => columns.lastSeen[slot]! < to)
  if (pastDue !== undefined) tests.push((slot) => columns.nextDueAt[slot]! <= nowMs === pastDue)
  if (device !== undefined) tests.push((slot) => alerts[slot]!.device === device)
  const candidates = words.length === 0 ? null : columns.trigrams.candidates(words)
  if (candidates !== null) tests.push((slot) => ((candidates[slot >>> 5]! >>> (slot & 31)) & 1) === 1)
  for (const word of words) tests.push((slot) => haystacks[slot]!.includes(word))

  const { shelf, severity: severityColumn } = columns
  return (slot) => {
    if (((shelves >>> shelf[slot]!) & 1) === 0 || ((severityBits >>> severityColumn[slot]!) & 1) === 0) return false
    for (let i = 0; i < tests.length; i++) if (!tests[i]!(slot)) return false
    return true
  }
}

import type { LoadReport } from './loaded-platform.ts'

/** One line of JSON: lists of what should not be are counted, the rounds were told before. */
export const tellReport = ({ missing, doubled, strange, findings, rounds, ...rest }: LoadReport): string => {
  const { contradictions, onlyInLog, onlyBacktested, landedOtherwise, ...counts } = findings
  const lists = { missing, doubled, strange, contradictions, onlyInLog, onlyBacktested, landedOtherwise }
  const counted = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.length]))
  return JSON.stringify({ ...rest, rounds: rounds.length, findings: counts, ...counted })
}

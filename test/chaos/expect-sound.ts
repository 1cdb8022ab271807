import { expect } from 'vitest'
import type { LoadReport } from './loaded-platform.ts'

/** What has to be so after any rounds. Long lists are cut: the count tells how bad it is. */
export const expectSound = (report: LoadReport): void => {
  const { findings, chain, commands } = report
  const said = `seed ${report.seed}: ${report.rounds.join('; ')}`
  const cut = (these: readonly string[]) => ({ count: these.length, first: these.slice(0, 10) })
  const nothing = { count: 0, first: [] }
  expect(
    {
      missing: cut(report.missing),
      doubled: cut(report.doubled),
      strange: cut(report.strange),
      contradictions: cut(findings.contradictions),
      onlyInLog: cut(findings.onlyInLog),
      onlyBacktested: cut(findings.onlyBacktested),
      landedOtherwise: cut(findings.landedOtherwise),
      liarsNotFound: cut(report.liarsNotFound),
      commandsLost: cut(commands.lost),
      dropped: report.dropped,
      honestFound: report.honestFound,
      chain: { ok: chain.ok, problem: chain.problem },
    },
    said,
  ).toEqual({
    missing: nothing,
    doubled: nothing,
    strange: nothing,
    contradictions: nothing,
    onlyInLog: nothing,
    onlyBacktested: nothing,
    landedOtherwise: nothing,
    liarsNotFound: nothing,
    commandsLost: nothing,
    dropped: 0,
    // An outage of ours is nobody's fault.
    honestFound: {},
    chain: { ok: true, problem: '' },
  })
  expect(findings.inLog, said).toBeGreaterThanOrEqual(report.liars)
  expect([findings.landed, findings.backtested, report.alertCount, report.deskAlertCount], said).toEqual(
    Array.from({ length: 4 }, () => findings.inLog),
  )
  expect(commands.taken, said).toBeGreaterThan(0)
}

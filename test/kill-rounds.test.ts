import { describe, expect, it } from 'vitest'
import { runKillRounds } from './platform/kill-rounds.ts'

// A few rounds here, twenty on each runtime by `npm run test:long`. WARDWATCH_KILL_SEED repeats a run.
const seed = Number(process.env['WARDWATCH_KILL_SEED'] ?? 3)

describe.each(['bun', 'node'] as const)('kill -9 under load, roles on %s', (runtime) => {
  it('loses no acknowledged reading, doubles nothing, and finds what an undisturbed run finds', { timeout: 240_000 }, async () => {
    const report = await runKillRounds({ seed, rounds: 4, runtime })
    expect(report.acknowledged).toBeGreaterThan(1_000)
    expect(report).toMatchObject({ missing: [], doubled: [], chain: { ok: true } })
    expect(report.findings.inLog).toBeGreaterThan(10)
    expect(report.findings).toEqual({
      landed: report.findings.inLog,
      distinct: report.findings.inLog,
      inLog: report.findings.inLog,
      backtested: report.findings.inLog,
      sameBytes: true,
    })
    expect(report.alertCount).toBe(report.chain.events)
  })
})

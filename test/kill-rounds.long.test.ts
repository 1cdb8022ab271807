import { describe, expect, it } from 'vitest'
import { runKillRounds } from './platform/kill-rounds.ts'

const seed = Number(process.env['WARDWATCH_KILL_SEED'] ?? 20)

describe.each(['bun', 'node'] as const)('twenty kills under load, roles on %s', (runtime) => {
  it('loses no acknowledged reading, doubles nothing, and finds what an undisturbed run finds', async () => {
    const report = await runKillRounds({ seed, rounds: 20, runtime })
    process.stdout.write(`${JSON.stringify({ runtime, ...report, missing: report.missing.length, doubled: report.doubled.length })}\n`)
    expect(report).toMatchObject({ missing: [], doubled: [], chain: { ok: true }, findings: { sameBytes: true } })
    expect(report.findings.landed).toBe(report.findings.inLog)
    expect(report.findings.distinct).toBe(report.findings.backtested)
    expect(report.alertCount).toBe(report.chain.events)
  })
})

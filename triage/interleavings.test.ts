import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Alert } from '../contracts/alert.ts'
import { alertListQuery } from '../contracts/api/alerts.ts'
import type { CaseEvent } from '../contracts/case-event.ts'
import type { Finding } from '../contracts/finding.ts'
import { type AlertAction } from '../contracts/triage-desk.ts'
import { type LogMemory, openMemoryLog } from '../stream/memory-log.ts'
import { settableClock, startDesk, until, writeFindings } from './desk.fixture.ts'
import { findingAt } from './findings.fixture.ts'
import { createCaseFold } from './group/fold.ts'
import { restore } from './restore.ts'
import type { Triage } from './start-triage.ts'
import { verifyChain } from './verify/verify-chain.ts'

const actions: fc.Arbitrary<AlertAction> = fc.oneof(
  fc.constant<AlertAction>({ type: 'acknowledge' }),
  fc.constantFrom('ann', 'bob', null).map((owner): AlertAction => ({ type: 'assign', owner })),
  fc.integer({ min: 1, max: 5_000_000 }).map((until): AlertAction => ({ type: 'snooze', until: 1_000_000 + until })),
  fc.constant<AlertAction>({ type: 'wake' }),
  fc.constant<AlertAction>({ type: 'close', verdict: 'other', reason: 'r' }),
  fc.constant<AlertAction>({ type: 'note', note: 'n' }),
  fc.constant<AlertAction>({ type: 'contain', reason: 'c' }),
  fc.constant<AlertAction>({ type: 'undo', undoes: 0 }),
)
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('find' as const), count: fc.integer({ min: 1, max: 4 }), partition: fc.nat(2), device: fc.constantFrom('a', 'b', 'c'), severity: fc.constantFrom('low', 'high', 'critical' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('act' as const), which: fc.nat(5), actor: fc.constantFrom('ann', 'bob'), action: actions, stale: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bulk' as const), action: fc.constant({ type: 'close', verdict: 'other', reason: 'b' } as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('suppress' as const), device: fc.constantFrom('a', 'b'), forMs: fc.integer({ min: 1, max: 2_000_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('raise' as const), device: fc.constantFrom('channel:x', 'a') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 4_000_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), again: fc.nat(4) }) },
) // prettier-ignore

const state = (desk: Triage) => ({
  alerts: [...desk.newest(Infinity)].sort((a, b) => (a.id < b.id ? -1 : 1)),
  suppressions: desk.suppressions(),
  sequence: desk.sequence,
})

it('findings, people, time and restarts in any order: the live state is the fold of the log, the chain is whole, each finding and each action is there once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (plan) => {
      const memory: LogMemory = new Map()
      const clock = settableClock()
      const offsets = [0, 0, 0]
      const written: Finding[] = []
      const pending: Promise<unknown>[] = []
      const done = new Map<number, string>()
      const told: CaseEvent[] = []
      let log = openMemoryLog(memory)
      const start = async () => {
        log = openMemoryLog(memory)
        const limits = { alertsMax: 4, closedAlertsMax: 1 }
        const started = await startDesk(log, { clock, lookMs: 1, ...limits })
        started.onEvent((event) => told.push(event))
        return started
      }
      const settled = async (): Promise<void> => {
        await Promise.allSettled(pending.splice(0))
        await until('all findings are taken', () => takenPositions(memory) >= written.length && desk.stats()['waiting'] === 0)
      }
      let desk = await start()
      for (const step of plan) {
        if (step.do === 'find') {
          const found = Array.from({ length: step.count }, () =>
            findingAt((offsets[step.partition]! += 1), { device: step.device, severity: step.severity, at: clock.now() }, step.partition),
          )
          written.push(...found)
          await writeFindings(log, found)
        } else if (step.do === 'act') {
          const alerts = desk.newest(6)
          const alert: Alert | undefined = alerts[step.which % Math.max(1, alerts.length)]
          if (alert === undefined) continue
          const action = step.action.type === 'undo' ? { ...step.action, undoes: alert.version } : step.action
          const acting = desk.act(alert.id, step.stale ? alert.version - 1 : alert.version, step.actor, action).then((outcome) => {
            if (outcome.ok) done.set(outcome.event.sequence, outcome.event.hash)
            if (step.stale) expect(outcome.ok).toBe(false)
          })
          pending.push(acting)
        } else if (step.do === 'bulk') {
          const bulk = desk.bulk('ann', 'b', step.action, desk.newest(4).map(({ id, version }) => ({ id, version }))).then((outcomes) => {
            for (const outcome of outcomes) if (outcome.ok) done.set(outcome.event.sequence, outcome.event.hash)
          }) // prettier-ignore
          pending.push(bulk)
        } else if (step.do === 'suppress') {
          pending.push(
            desk.suppress('ann', { detector: 'replay', scope: { device: step.device }, reason: 'r', expiresAt: clock.now() + step.forMs }),
          )
        } else if (step.do === 'raise') {
          pending.push(
            desk.raise({
              detector: 'replay',
              title: 'T',
              device: step.device,
              site: null,
              severity: 'high',
              score: 1,
              why: 'w',
              evidence: [],
            }),
          )
        } else if (step.do === 'time') clock.pass(step.ms)
        else {
          // Actions that are under way are answered or refused; findings that were not taken are taken after the start.
          await desk.close()
          await Promise.allSettled(pending.splice(0))
          await log.close()
          desk = await start()
          // A detector host that was killed writes its last findings again.
          const partition = written.at(-1)?.position.partition
          const last = written.filter(({ position }) => position.partition === partition)
          if (step.again > 0 && last.length > 0) await writeFindings(log, last.slice(-step.again))
        }
      }
      await settled()
      const live = state(desk)
      const listed = desk.list(alertListQuery.parse({ tab: 'all', sort: 'newest', limit: 500 }), null, clock.now())
      expect([...listed.items].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(live.alerts)
      await desk.close()
      expect(await verifyChain(log)).toMatchObject({ ok: true, events: live.sequence })

      const fold = createCaseFold({ alertsMax: 4, closedAlertsMax: 1 })
      const events: CaseEvent[] = []
      await restore(log, fold, (event) => events.push(event))
      expect([...fold.newest(Infinity)].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(live.alerts)
      expect(fold.suppressions.all()).toEqual(live.suppressions)
      expect(fold.open).toBeLessThanOrEqual(4 + 2)
      const findings = events.flatMap((event) => ('finding' in event ? [event.finding] : []))
      expect(findings.toSorted()).toEqual(written.map(({ id }) => id).toSorted())
      for (const [sequence, hash] of done) expect(events[sequence - 1]!.hash).toBe(hash)
      // Told in the chain's order, each at most once (what became durable while triage closed may be told to nobody).
      expect(told.map(({ sequence }) => sequence)).toEqual([...new Set(told.map(({ sequence }) => sequence))].sort((a, b) => a - b))
      await log.close()
    }),
    { numRuns: 150 },
  )
}, 120_000)

/** Findings in the chain, each once. */
const takenPositions = (memory: LogMemory): number => {
  const ids = new Set<string>()
  for (const { value } of memory.get('cases.v1')?.[0]?.records ?? []) {
    const event = JSON.parse(Buffer.from(value).toString()) as CaseEvent
    if ('finding' in event) ids.add(event.finding)
  }
  return ids.size
}

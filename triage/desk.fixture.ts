import type { EventLog } from '../contracts/event-log.ts'
import type { Finding } from '../contracts/finding.ts'
import { silentLogger } from '../contracts/logger.ts'
import { startTriage, type Triage, type TriageOptions } from './start-triage.ts'

/** A clock that a test sets. */
export const settableClock = (startMs = 1_000_000) => {
  let nowMs = startMs
  return {
    now: () => nowMs,
    set: (ms: number) => void (nowMs = ms),
    pass: (ms: number) => void (nowMs += ms),
  }
}

/** What a test says it gave up waiting for. */
export const until = async (what: string, done: () => boolean, forMs = 10_000): Promise<void> => {
  const end = Date.now() + forMs
  while (!done()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export const writeFindings = (log: EventLog, findings: readonly Finding[]): Promise<void> =>
  log.append(
    'findings.v1',
    findings.map((finding) => ({
      key: finding.device,
      partition: finding.position.partition,
      value: Buffer.from(JSON.stringify(finding)),
    })),
  )

/** A desk for tests, with a quick eye on the clock. */
export const startDesk = (log: EventLog, over: Partial<TriageOptions> = {}): Promise<Triage> =>
  startTriage({ log, clock: settableClock(), logger: silentLogger, retryMs: 2, lookMs: 2, ...over })

/** Writes findings and waits until they are taken. */
export const take = async (log: EventLog, desk: Triage, findings: readonly Finding[]): Promise<void> => {
  const taken = (): number => ['folded', 'suppressed', 'repeats', 'unreadable'].reduce((sum, name) => sum + desk.stats()[name]!, 0)
  const before = taken()
  await writeFindings(log, findings)
  await until(`${findings.length} findings taken`, () => taken() >= before + findings.length && desk.stats()['waiting'] === 0)
}

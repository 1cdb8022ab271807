import { expect, it } from 'vitest'
import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import type { Finding } from '../../contracts/finding.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { type LogMemory, openMemoryLog } from '../../stream/memory-log.ts'
import { findingAt } from '../findings.fixture.ts'
import { verifyChain } from '../verify/verify-chain.ts'
import { startTriage } from '../start-triage.ts'

const clock = { now: () => 7_000 }
const write = (log: EventLog, findings: readonly Finding[]) =>
  log.append(
    'findings.v1',
    findings.map((finding) => ({
      key: finding.device,
      partition: finding.position.partition,
      value: Buffer.from(JSON.stringify(finding)),
    })),
  )
const start = (log: EventLog) => startTriage({ log, clock, logger: silentLogger, retryMs: 5 })
const untilFolded = async (triage: Awaited<ReturnType<typeof start>>, events: number) => {
  while (triage.sequence < events) await new Promise((resolve) => setTimeout(resolve, 5))
}

it('goes on after a restart where it had stopped: no finding is lost, none counted twice', async () => {
  const memory: LogMemory = new Map()
  const first = openMemoryLog(memory)
  await write(first, [findingAt(1), findingAt(2), findingAt(1, {}, 1)])
  const before = await start(first)
  await untilFolded(before, 3)
  await before.close()
  await first.close()

  const second = openMemoryLog(memory)
  // A detector host that was killed writes its last findings again.
  await write(second, [findingAt(2), findingAt(1, {}, 1), findingAt(3)])
  const after = await start(second)
  await untilFolded(after, 4)
  expect(after.newest(1)[0]).toMatchObject({ count: 4 })
  expect(await verifyChain(second)).toMatchObject({ ok: true, events: 4 })
  await after.close()
  await second.close()
})

it('waits while the log can not be written, and tells each event only when it is durable', async () => {
  const log = openMemoryLog()
  let refusals = 2
  const flaky: EventLog = {
    ...log,
    append: async (topic, records) => {
      if (topic === 'cases.v1' && refusals-- > 0) throw new LogUnavailable('disk-full', 'no space')
      return log.append(topic, records)
    },
  }
  const triage = await start(flaky)
  const told: Promise<number> = new Promise((resolve) => triage.onEvent((event) => resolve(event.sequence)))
  await write(flaky, [findingAt(1)])
  expect(await told).toBe(1)
  const [range] = await log.ranges(['cases.v1'])
  expect(range).toMatchObject({ next: 1 })
  await triage.close()
  await log.close()
})

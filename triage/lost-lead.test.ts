import { expect, it } from 'vitest'
import { type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import { openMemoryLog } from '../stream/memory-log.ts'
import { startDesk, take, until } from './desk.fixture.ts'
import { findingAt } from './findings.fixture.ts'

it.each([
  ['not-leading', 1],
  ['broker-away', 3],
] as const)('a desk whose append is refused as %s asks so often: %i', async (reason, asked) => {
  const memory = openMemoryLog(new Map())
  let refuses = false
  let refused = 0
  const log: EventLog = {
    ...memory,
    async append(topic, records) {
      if (topic !== 'cases.v1' || !refuses) return memory.append(topic, records)
      refused++
      // A log that is away comes back; the lead does not.
      if (refused === 3) refuses = false
      throw new LogUnavailable(reason, 'desk-1 has taken the lead')
    },
  }
  const warned: string[] = []
  const logger = { debug() {}, info() {}, error() {}, warn: (_: object, text: string) => void warned.push(text) }
  const desk = await startDesk(log, { logger })
  const failed = desk.failed.then(
    () => null,
    (error: unknown) => error,
  )
  try {
    await take(log, desk, [findingAt(1)])
    const { id, version } = desk.newest(1)[0]!
    refuses = true
    const acted = desk.act(id, version, 'ann', { type: 'acknowledge' })
    if (reason === 'broker-away') expect(await acted).toMatchObject({ ok: true })
    else {
      await expect(acted).rejects.toMatchObject({ reason: 'not-leading' })
      expect(await failed).toMatchObject({ reason: 'not-leading' })
      expect(warned).toEqual([])
    }
    await until('it was asked', () => refused === asked)
  } finally {
    await desk.close()
  }
  expect(refused).toBe(asked)
})

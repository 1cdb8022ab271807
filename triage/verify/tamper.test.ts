import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import { openLmdbLog } from '../../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../../stream/seal.ts'
import { settableClock, startDesk, take } from '../desk.fixture.ts'
import { findingAt } from '../findings.fixture.ts'
import { verifyChain } from './verify-chain.ts'

/** The chain on a real disk, with a byte changed: with the key, by whoever holds it, and without, in the file. */
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-tamper-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const sealer = createSealer(Buffer.alloc(32, 3), 'log')
const open = (name: string): Promise<EventLog> => openLmdbLog({ directory: join(directory, name), sealer, clock: settableClock() })

/** A chain with events of many types: findings, people's actions, a suppression. */
const aChain = async (log: EventLog): Promise<CaseEvent[]> => {
  const desk = await startDesk(log)
  const events: CaseEvent[] = []
  desk.onEvent((event) => events.push(event))
  for (let i = 1; i <= 20; i++) await take(log, desk, [findingAt(i, { device: `d${i % 4}` })])
  const [alert] = desk.newest(1)
  await desk.act(alert!.id, null, 'ann', { type: 'acknowledge' })
  await desk.act(alert!.id, null, 'ann', { type: 'note', note: 'the ward was called' })
  await desk.suppress('ann', { detector: 'flood', scope: { model: 'x' }, reason: 'an update', expiresAt: 2_000_000 })
  await desk.act(alert!.id, null, 'ann', { type: 'close', verdict: 'true-positive', reason: 'it was real' })
  await desk.close()
  return events
}

it('whoever holds the key and changes a value is found: the event is named', async () => {
  const log = await open('a')
  const events = await aChain(log)
  expect(await verifyChain(log)).toMatchObject({ ok: true, events: 24 })
  await log.close()
  const changes: [number, (text: string) => string][] = [
    [22, (text) => text.replace('the ward was called', 'the ward was caller')],
    [24, (text) => text.replace('"ann"', '"eve"')],
    [23, (text) => text.replace('2000000', '2000001')],
    [1, (text) => text.replace('"medium"', '"low"')],
  ]
  for (const [sequence, change] of changes) {
    const forged = await open(`forged-${sequence}`)
    const values = events.map((event) => JSON.stringify(event)).map((text, i) => (i + 1 === sequence ? change(text) : text))
    expect(values[sequence - 1]).not.toBe(JSON.stringify(events[sequence - 1]))
    for (const value of values) await forged.append('cases.v1', [{ key: 'k', value: Buffer.from(value) }])
    expect(await verifyChain(forged)).toEqual({ ok: false, sequence, offset: sequence - 1, problem: 'its content does not match its hash' })
    await forged.close()
  }
})

it('a byte that is flipped in the file is a report, not a crash, and names the first event that can not be read any more', async () => {
  const log = await open('a')
  await aChain(log)
  await log.close()
  const file = join(
    directory,
    'a',
    readdirSync(join(directory, 'a'), { recursive: true, encoding: 'utf8' }).find((name) => /cases\.v1(\/data)?\.mdb$/.test(name))!,
  )
  const bytes = readFileSync(file)
  // A sealed blob begins with the key's id; copies that lmdb has let go of lie in the file as well, and changing them changes nothing.
  const keyId = sealer.seal(Buffer.alloc(1), 'any').subarray(0, 4)
  const named = new Set<number>()
  for (let at = bytes.indexOf(keyId); at !== -1; at = bytes.indexOf(keyId, at + 1)) {
    const changed = Buffer.from(bytes)
    changed[at + 40]! ^= 0x01
    writeFileSync(file, changed)
    const tampered = await open('a')
    const report = await verifyChain(tampered)
    await tampered.close()
    if (report.ok) expect(report.events).toBe(24)
    else {
      expect(report.problem).toMatch(/was changed on disk/)
      named.add(report.sequence)
    }
  }
  // Each event of this chain is a blob of its own: each was found.
  expect([...named].sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
})

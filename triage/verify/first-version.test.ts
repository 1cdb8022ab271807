import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openMemoryLog } from '../../stream/memory-log.ts'
import { startDesk, take, writeFindings } from '../desk.fixture.ts'
import { findingAt } from '../findings.fixture.ts'
import { verifyChain } from './verify-chain.ts'

/** A chain of the first version: only folded findings, without evidence, clocks or links between alerts. */
const lines = readFileSync(new URL('fixtures/first-version.ndjson', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')

it('a chain of the first version verifies, folds, and goes on', async () => {
  const log = openMemoryLog()
  await log.append(
    'cases.v1',
    lines.map((line) => ({ key: 'k', value: Buffer.from(line) })),
  )
  // What those events were folded from lies below: it is not read again.
  await writeFindings(
    log,
    [0, 0, 0, 0, 1, 1, 1, 1, 1].map((partition) => findingAt(99, {}, partition)),
  )
  expect(await verifyChain(log)).toMatchObject({ ok: true, events: 5 })
  const desk = await startDesk(log)
  expect(desk.newest(9)).toMatchObject([
    { id: 'AL-001122334455', device: 'site:north', site: null, count: 1 },
    { id: 'AL-0f1e2d3c4b5a', count: 3, severity: 'critical', score: 0.9, state: 'new', evidence: [], previous: null },
    { id: 'AL-aabbccddeeff', count: 1, due: { acknowledgeBy: null, containBy: null } },
  ])
  await take(log, desk, [findingAt(3), findingAt(4), findingAt(3, { device: 'pump-2', severity: 'critical' }, 1)])
  expect(desk.stats()).toMatchObject({ repeats: 1, folded: 2 })
  expect(desk.alert('AL-0f1e2d3c4b5a')).toMatchObject({ count: 4, attack: ['T0856'] })
  // It had no clocks, and gets them now that it is worse.
  expect(desk.alert('AL-aabbccddeeff')!.due.acknowledgeBy).toBeGreaterThan(1_000_000)
  expect(await desk.act('AL-0f1e2d3c4b5a', null, 'ann', { type: 'close', verdict: 'other', reason: 'old' })).toMatchObject({ ok: true })
  expect(await verifyChain(log)).toMatchObject({ ok: true, events: 8 })
  await desk.close()
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { caseRow } from './landing/rows.ts'
import { timeText } from './landing/stored-values.ts'
import type { Store } from './open.ts'
import { readRows } from './read-rows.ts'
import { finding, noon } from './testing/story-log.ts'
import { openedStore, temporaryDirectory } from './testing/temporary-store.ts'

const home = temporaryDirectory()
let store: Store
beforeAll(async () => {
  store = await openedStore(home.path)
})
afterAll(async () => {
  await store.close()
  home.remove()
})

it('the view alerts is the fold of the cases', async () => {
  const event = (sequence: number, alert: string, over: object) => {
    const of = finding({ offset: sequence })
    const link = {
      previous: '0'.repeat(64),
      hash: 'a'.repeat(64),
      recordedAt: noon,
      actor: 'wardwatch',
      opened: sequence === 1,
      findingPosition: of.position,
    }
    const { detector, title, device, site, severity, score, why, at, position, index } = of
    const whole = {
      type: 'finding.folded',
      sequence,
      ...link,
      alert,
      finding: of.id,
      detector,
      title,
      device,
      site,
      severity,
      score,
      why,
      at,
      position,
      index,
      ...over,
    } as const
    return { ...caseRow(whole, JSON.stringify(whole)), log_offset: sequence, landed_at: timeText(noon) }
  }
  const values = [
    event(1, 'AL-1', { severity: 'critical', score: 0.5 }),
    event(2, 'AL-2', { severity: 'low' }),
    event(3, 'AL-1', { severity: 'high', at: noon + 5_000, why: 'worse' }),
  ]
  await store.landing.insert({ table: 'cases', format: 'JSONEachRow', values })
  const sql = `SELECT id, severity, score, toUInt32(count), toUnixTimestamp64Milli(first_seen) = ${noon}, toUnixTimestamp64Milli(last_seen) - ${noon}, why, state
     FROM alerts ORDER BY id SETTINGS output_format_json_quote_64bit_integers = 0`
  expect(await readRows(store.query, sql)).toEqual([
    ['AL-1', 'critical', 0.9, 2, 1, 5_000, 'worse', 'new'],
    ['AL-2', 'low', 0.9, 1, 1, 0, expect.any(String), 'new'],
  ])
})

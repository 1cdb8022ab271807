import { expect, it } from 'vitest'
import { alertOf, vitalEvidence } from '../testing/desk-story.ts'
import { createAliveMinutes } from './alive-minutes.ts'
import { createSparks } from './sparks.ts'

const minute = 60_000
const hour = 60 * minute
const start = 500_000 * hour

it('asks for a page at most twice, and not again for what is past', async () => {
  const asked: string[] = []
  const rows = async (sql: string): Promise<never[]> => {
    asked.push(sql)
    return []
  }
  const sparks = createSparks({ rows }, async () => start, createAliveMinutes())
  const past = alertOf({ id: 'past', firstSeen: start - 5 * hour, lastSeen: start - 5 * hour, evidence: vitalEvidence('hr') })
  const moving = alertOf({ id: 'moving', firstSeen: start - minute, lastSeen: start, detector: 'flood' })
  const guess = alertOf({ id: 'guess', device: 'address:10.6.6.6', detector: 'identity-spraying', firstSeen: start, lastSeen: start })
  const questions = async (alerts: readonly (typeof past)[], nowMs: number): Promise<number> => {
    asked.length = 0
    expect(Object.keys(await sparks(alerts, nowMs)).toSorted()).toEqual(alerts.map(({ id }) => id).toSorted())
    return asked.length
  }
  expect(await questions([past, moving, guess], start)).toBe(2)
  expect(await questions([past, moving, guess], start + 5_000)).toBe(0)
  expect(await questions([past], start + hour)).toBe(0)
  expect(await questions([moving], start + 20_000)).toBe(1)
  expect(await questions([{ ...past, lastSeen: start - 4 * hour }], start)).toBe(1)
})

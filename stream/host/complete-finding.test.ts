import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { finding as findingSchema } from '../../contracts/finding.ts'
import { completeFinding, whyLengthMax } from './complete-finding.ts'
import { findingLine } from './finding-line.ts'
import { countsForTests } from './stages-for-tests.ts'

const trigger = {
  key: 'pump-1',
  site: 'north',
  position: { topic: 'observations.by-device.v1', partition: 1, offset: 7 },
  at: 1_000,
  index: 0,
  ordinal: 0,
  decoderVersion: 1,
}

it('whatever a detector says becomes a valid, bounded finding whose line reads back the same', () => {
  const scalar = fc.oneof(fc.double(), fc.string({ maxLength: 400, unit: 'binary' }))
  const draft = fc.record({
    score: fc.double(),
    why: fc.string({ maxLength: 2_000, size: 'max', unit: 'binary' }),
    evidence: fc.array(fc.record({ feature: fc.string(), observed: scalar, expected: scalar, unit: fc.string() }), { maxLength: 40 }),
  })
  fc.assert(
    fc.property(draft, (given) => {
      const finding = completeFinding(countsForTests, given, trigger)
      const line = findingLine(finding)
      expect(findingSchema.parse(JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(finding)))
      expect(finding.why.length).toBeLessThanOrEqual(whyLengthMax)
      expect(finding.why.isWellFormed()).toBe(true)
      expect(line).not.toContain('\n')
      expect(Buffer.byteLength(line)).toBeLessThan(60_000)
    }),
  )
})

it('a score is kept in 0..1, and one that is no number is 0', () => {
  const scored = (score: number) => completeFinding(countsForTests, { score, why: '', evidence: [] }, trigger).score
  expect([0.25, 7, -1, Number.NaN, Infinity].map(scored)).toEqual([0.25, 1, 0, 0, 1])
})

it('the id tells detector, key, place and how many came before, and nothing else', () => {
  const id = (change: object) => completeFinding(countsForTests, { score: 1, why: 'a', evidence: [] }, { ...trigger, ...change }).id
  expect(id({ index: 3, at: 5, site: null, decoderVersion: 9 })).toBe(id({}))
  const others = [
    { key: 'pump-2' },
    { ordinal: 1 },
    { position: { ...trigger.position, offset: 8 } },
    { position: { ...trigger.position, partition: 0 } },
  ]
  expect(new Set([id({}), ...others.map(id)]).size).toBe(5)
})

it('the device is the key unless the detector names one, and an address for a source', () => {
  const draft = { score: 1, why: 'a', evidence: [] }
  expect(completeFinding(countsForTests, draft, trigger)).toMatchObject({ device: 'pump-1', site: 'north', severity: 'low' })
  expect(completeFinding({ ...countsForTests, keyedBy: 'source' }, draft, { ...trigger, key: '10.0.0.1' }).device).toBe('address:10.0.0.1')
  expect(completeFinding(countsForTests, { ...draft, device: 'x', site: null, severity: 'critical' }, trigger)).toMatchObject({
    device: 'x',
    site: null,
    severity: 'critical',
  })
})

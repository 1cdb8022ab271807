import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { Finding } from '../../contracts/finding.ts'
import { brokenLink, chainStart } from '../chain.ts'
import { findingAt, takeInto } from '../findings.fixture.ts'
import { createCaseFold } from './fold.ts'

const at = (offset: number) => ({ topic: 'findings.v1', partition: 0, offset })
const foldAll = (findings: readonly Finding[], fold = createCaseFold()) => {
  const events: CaseEvent[] = []
  findings.forEach((finding, i) => {
    events.push(...takeInto(fold, finding, at(i), 5_000))
  })
  return { fold, events }
}

describe('findings fold into one rolling alert per detector and device', () => {
  it('counts, spans and keeps the worst severity and the newest sentence', () => {
    const { fold } = foldAll([
      findingAt(1),
      findingAt(2, { severity: 'critical', score: 0.9 }),
      findingAt(3, { severity: 'low', score: 0.1 }),
    ])
    expect(fold.newest(9)).toHaveLength(1)
    expect(fold.newest(9)[0]).toMatchObject({
      count: 3,
      severity: 'critical',
      score: 0.9,
      firstSeen: 1_001,
      lastSeen: 1_003,
      why: 'seen at 3',
    })
  })

  it('another device or another detector is another alert, newest change first', () => {
    const { fold } = foldAll([findingAt(1), findingAt(2, { device: 'pump-2' }), findingAt(3, { detector: 'flood' }), findingAt(4)])
    expect(fold.newest(9).map(({ detector, device }) => `${detector}/${device}`)).toEqual([
      'replay/pump-1',
      'flood/pump-1',
      'replay/pump-2',
    ])
  })

  it('a finding that a restart wrote twice is folded once, though others came between', () => {
    const { fold, events } = foldAll([
      findingAt(1),
      findingAt(2),
      findingAt(2, { index: 1, detector: 'flood' }),
      findingAt(1),
      findingAt(2),
      findingAt(3),
    ])
    expect(events.map((event) => (event.type === 'finding.folded' ? [event.position.offset, event.index] : []))).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
      [3, 0],
    ])
    expect(fold.newest(9).reduce((sum, { count }) => sum + count, 0)).toBe(4)
  })

  it('an inventor of devices meets a bound, and the finding still shows', () => {
    const { fold } = foldAll(
      [1, 2, 3, 4].map((offset) => findingAt(offset, { device: `d${offset}` })),
      createCaseFold({ alertsMax: 2 }),
    )
    expect(fold.newest(9).map(({ device, count }) => [device, count])).toEqual([
      ['overflow', 2],
      ['d2', 1],
      ['d1', 1],
    ])
  })

  it('the alerts are the fold of the events alone, and the events are a chain', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            partition: fc.nat(2),
            step: fc.integer({ min: 0, max: 3 }),
            device: fc.constantFrom('a', 'b', 'c'),
            severity: fc.constantFrom('low', 'high', 'critical' as const),
          }),
        ),
        (plan) => {
          const offsets = [0, 0, 0]
          const findings = plan.map(({ partition, step, device, severity }) =>
            findingAt((offsets[partition]! += step), { device, severity }, partition),
          )
          const { fold, events } = foldAll(findings)
          const again = createCaseFold()
          let previous = chainStart
          events.forEach((event, i) => {
            expect(brokenLink(event, { sequence: i + 1, previous })).toBeNull()
            previous = event.hash
            again.apply(JSON.parse(JSON.stringify(event)))
          })
          expect(again.newest(9)).toEqual(fold.newest(9))
          expect(again.lastHash).toBe(fold.lastHash)
        },
      ),
    )
  })
})

import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { decimal, span, sureness } from './decimal.ts'
import { addToEwma, ewma } from './ewma.ts'
import { noteTry, recentTries } from './recent-tries.ts'
import { addToSlidingCount, slidingCount } from './sliding-count.ts'
import { textHash } from './text-hash.ts'
import { addGap, usualGap } from './usual-gap.ts'

it('a sliding count lies between the counts of nine tenths of the window and of the whole', () => {
  const steps = fc.array(fc.nat({ max: 400 }), { maxLength: 100 })
  fc.assert(
    fc.property(steps, (steps) => {
      const state = slidingCount()
      const times: number[] = []
      let at = 1_000_000
      for (const step of steps) {
        at += step
        times.push(at)
        const counted = addToSlidingCount(state, at, 1_000)
        const within = (ms: number) => times.filter((time) => time > at - ms).length
        expect(counted).toBeGreaterThanOrEqual(within(900))
        expect(counted).toBeLessThanOrEqual(within(1_000))
      }
    }),
  )
})

it('recent tries count exactly what a list would', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 4 })), { maxLength: 60 }), (tries) => {
      const state = recentTries()
      const all: [number, number][] = []
      let at = 10_000
      for (const [step, aim] of tries) {
        at += step
        all.push([at, aim])
        const recent = all.filter(([time]) => time > at - 1_000)
        const summary = noteTry(state, at, aim, 1_000)
        expect([summary.tries, summary.aims]).toEqual([recent.length, new Set(recent.map(([, aim]) => aim)).size])
      }
    }),
  )
})

it('an average starts as the plain mean and then follows', () => {
  const state = ewma()
  for (const value of [10, 20, 30]) addToEwma(state, value, 32, 100)
  expect(state[0]).toBe(20)
  for (let i = 0; i < 400; i++) addToEwma(state, 50, 32, 100)
  expect(state[0]).toBeGreaterThan(49.5)
})

it('one outlier in a dozen does not move the usual gap, a new rhythm does', () => {
  const state = usualGap()
  for (let i = 0; i < 5; i++) addGap(state, 1_000)
  for (let i = 0; i < 12; i++) addGap(state, i === 6 ? 90_000 : 1_000 + i)
  expect(state[0]).toBe(1_011)
  for (let i = 0; i < 12; i++) addGap(state, 5_000)
  expect(state[0]).toBe(5_000)
})

it('numbers are written the same way always', () => {
  expect([72, 5.5, -0.04, 1e21, 120.05, Number.NaN].map((value) => decimal(value))).toEqual(['72', '5.5', '0', '1e+21', '120', 'unknown'])
  expect([0, 999, 1_500, 45_000, 600_000, 9_000_000].map(span)).toEqual(['0 ms', '999 ms', '1.5 s', '45 s', '10 min', '2.5 h'])
  expect([sureness(0, 5), sureness(5, 5), sureness(45, 5)]).toEqual([0, 0.5, 0.9])
})

it("hashes as the FNV's authors say", () => {
  expect(textHash('')).toBe(0x811c9dc5 | 0)
  expect(textHash('a')).toBe(0xe40c292c | 0)
  expect(textHash('foobar')).toBe(0xbf9cf968 | 0)
})

import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { coverSequence, sequenceCover } from './sequence-cover.ts'

const numbers = fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 200 })

it('never takes an unseen number for a seen one, and keeps its bound', () => {
  fc.assert(
    fc.property(numbers, ([first, ...rest]) => {
      const cover = sequenceCover(first!)
      const seen = new Set([first!])
      for (const number of rest) {
        const answer = coverSequence(cover, number)
        if (answer) expect(seen.has(number)).toBe(true)
        if (number >= cover.start) seen.add(number)
        expect(cover.gaps.length).toBeLessThanOrEqual(16)
      }
    }),
  )
})

it('with few gaps it is exact', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 112 }), { maxLength: 80 }), (rest) => {
      const cover = sequenceCover(100)
      const seen = new Set([100])
      for (const number of rest) {
        expect([number, coverSequence(cover, number)]).toEqual([number, seen.has(number)])
        seen.add(number)
      }
    }),
  )
})

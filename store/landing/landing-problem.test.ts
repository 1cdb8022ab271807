import { expect, it } from 'vitest'
import { landingProblem } from './landing-problem.ts'

it('an insert that came too late is told as what happened, anything else in its own words', () => {
  const refused = new Error(
    "Constraint `begun_in_time` for table wardwatch.readings is violated at row 1. Expression: ((toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch",
  )
  expect(landingProblem(refused)).toMatch(/^the insert came later than it may \(begun_in_time\): /)
  expect(landingProblem(new Error('connect ECONNREFUSED'))).toBe('connect ECONNREFUSED')
  expect(landingProblem('gone')).toBe('gone')
})

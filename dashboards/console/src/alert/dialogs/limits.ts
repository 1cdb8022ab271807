import type { Verdict } from '../../../../../contracts/alert.ts'

/** As in the contracts: limits.test.ts compares. */
export const verdicts: readonly (readonly [Verdict, string, string])[] = [
  ['true-positive', 'True positive', 'it was what the detector says'],
  ['benign-positive', 'Benign positive', 'it happened, and was meant to'],
  ['false-positive', 'False positive', 'it did not happen'],
  ['duplicate', 'Duplicate', 'another alert tells it'],
  ['other', 'Other', 'the reason says'],
]
export const reasonCharactersMax = 2_000
export const noteCharactersMax = 8_000
export const suppressionHours = [
  [1, '1 hour'],
  [8, '8 hours'],
  [24, '1 day'],
  [168, '7 days'],
  [720, '30 days'],
] as const

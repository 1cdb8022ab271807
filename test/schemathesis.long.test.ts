import { it } from 'vitest'
import { expectNothingFound, schemathesisIsThere, whySkipped } from './schemathesis-run.ts'

it.skipIf(!schemathesisIsThere).each([1, 2, 3])(`schemathesis finds nothing in 150 examples an operation, seed %i${whySkipped}`, (seed) =>
  expectNothingFound(150, seed),
)

import { it } from 'vitest'
import { expectNothingFound, schemathesisIsThere, whySkipped } from './schemathesis-run.ts'

it.skipIf(!schemathesisIsThere)(`schemathesis finds nothing, with a session and with a token${whySkipped}`, { timeout: 300_000 }, () =>
  expectNothingFound(15, 1),
)

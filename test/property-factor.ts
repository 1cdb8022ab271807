import type * as FastCheck from 'fast-check'
import { vi } from 'vitest'

/** `WARDWATCH_PROPERTY_FACTOR=20 npm test`: each property runs twenty times as often as it says itself. vitest.config.ts sets this up. */
const factor = Number(process.env['WARDWATCH_PROPERTY_FACTOR'])
if (!(factor >= 1)) throw new Error(`WARDWATCH_PROPERTY_FACTOR is a number from 1 on, not ${process.env['WARDWATCH_PROPERTY_FACTOR']}`)

vi.mock('fast-check', async (importOriginal) => {
  const original = await importOriginal<typeof FastCheck>()
  const assert = ((property: FastCheck.IAsyncProperty<unknown>, parameters?: FastCheck.Parameters<unknown>) =>
    original.assert(property, { ...parameters, numRuns: Math.round((parameters?.numRuns ?? 100) * factor) })) as typeof original.assert
  return { ...original, assert, default: { ...original.default, assert } }
})

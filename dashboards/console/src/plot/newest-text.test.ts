import { expect, it } from 'vitest'
import { newestText } from './newest-text.ts'

const nowMs = new Date(2026, 10, 25, 15, 0, 0).getTime()
const every = (bucketMs: number, values: readonly (number | null)[], until = nowMs) => ({
  bucketMs,
  values: [...values],
  times: values.map((_, at) => until - (values.length - 1 - at) * bucketMs),
})

it('a device that fell silent an hour ago was "now 60": what is old says of when it is', () => {
  expect(newestText(every(10_000, [58, 59, 60]), nowMs)).toBe('now 60')
  expect(newestText(every(10_000, [60, null, null]), nowMs)).toBe('now 60')
  expect(newestText(every(60_000, [60, ...Array.from({ length: 60 }, () => null)]), nowMs)).toBe('14:00:00  60')
  expect(newestText(every(10_000, [58, 60], nowMs - 86_400_000), nowMs)).toBe('24 Nov 15:00  60')
  expect(newestText(every(600_000, [58, 60], nowMs - 900_000), nowMs)).toBe('now 60')
  expect(newestText(every(10_000, [null]), nowMs)).toBeNull()
})

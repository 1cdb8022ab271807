import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runtimes } from './test-edge.ts'

it.each(runtimes)('keeps the order, the end and the back-pressure of a stream, on $runtime', ({ program }) => {
  const said = execFileSync(program, [join(import.meta.dirname, 'test-direct-socket.ts')], { encoding: 'utf8', timeout: 30_000 })
  const { writing, reading, gone } = JSON.parse(said) as Record<string, Record<string, number | boolean>>
  expect(writing!['waitingAtFirst']).toBeGreaterThan(1_000_000)
  expect(writing).toMatchObject({ waitingAtLast: 0, whole: true })
  expect(reading).toEqual({ whilePaused: 0, endedAfterBytes: 40 * 300_000, whole: true })
  expect(gone).toEqual({ destroyed: true, waiting: 0 })
})

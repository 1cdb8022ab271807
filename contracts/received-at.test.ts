import { expect, it } from 'vitest'
import { encodeClock } from './envelope.ts'
import { aheadMsMax, receivedAtOf } from './received-at.ts'

const appendedAtMs = 1_795_000_000_000
const at = (edgeMs: number, appended: number | undefined = appendedAtMs) => ({ value: encodeClock('edge', edgeMs), appendedAtMs: appended })

it.each([
  ['as the edge says', appendedAtMs - 20, appendedAtMs - 20],
  ['as the edge says, though it waited for hours', appendedAtMs - 10_000_000, appendedAtMs - 10_000_000],
  ['as the edge says, with clocks that differ by a little', appendedAtMs + aheadMsMax, appendedAtMs + aheadMsMax],
  ["the log's time, where the edge is further ahead", appendedAtMs + aheadMsMax + 1, appendedAtMs],
])('%s', (_, edgeMs, receivedAtMs) => {
  expect(receivedAtOf(at(edgeMs))).toBe(receivedAtMs)
})

it('a log without a clock of its own leaves the edge the word', () => {
  const record = { value: encodeClock('edge', appendedAtMs) }
  expect(receivedAtOf(record)).toBe(appendedAtMs)
})

import { expect, it } from 'vitest'
import { encodeClock, encodeMessage, encodeMessageHeader } from '../../contracts/envelope.ts'
import { createBehind } from './behind.ts'

const header = encodeMessageHeader({ leaf: 'telemetry', site: 'n', device: 'd', model: 'm', session: 's'.repeat(26) })
const recordsAt = (...times: readonly number[]) =>
  times.map((ms, i) => ({ offset: i, key: 'd', value: encodeMessage(header, Buffer.from('{}'), ms, false) }))
const topic = 'observations.by-device.v1'

it('is behind by the age of the oldest record that is not in its table', () => {
  const behind = createBehind()
  expect(behind.behindMs(100_000)).toBe(null)
  behind.took(topic, 0, recordsAt(10_000, 11_000), 2)
  behind.took(topic, 0, recordsAt(30_000), 3)
  behind.took(topic, 1, recordsAt(20_000), 7)
  expect(behind.behindMs(100_000)).toBe(90_000)
  behind.wrote(topic, 0, 2)
  expect(behind.behindMs(100_000)).toBe(80_000)
  behind.wrote(topic, 1, 7)
  expect(behind.behindMs(100_000)).toBe(70_000)
  behind.wrote(topic, 0, 3)
  expect(behind.behindMs(100_000)).toBe(null)
})

it('while it cannot even learn where to resume it is behind by as long as that lasts', () => {
  const behind = createBehind()
  behind.blocked(40_000)
  expect(behind.behindMs(100_000)).toBe(60_000)
  behind.blocked(null)
  behind.took(topic, 0, recordsAt(10_000), 1)
  behind.forget()
  expect(behind.behindMs(100_000)).toBe(null)
})

it('a flush every few seconds is not behind, and other topics have no time to be behind of', () => {
  const behind = createBehind()
  behind.took(topic, 0, recordsAt(98_000), 1)
  behind.took('cases.v1', 0, [{ offset: 0, key: 'x', value: Buffer.from('{"sequence":1}') }], 1)
  expect(behind.behindMs(100_000)).toBe(null)
})

it('clock records alone, which land nowhere, are never behind', () => {
  const behind = createBehind()
  behind.took(topic, 0, [{ offset: 0, key: 'clock', value: encodeClock('edge', 1_000) }], 1)
  expect(behind.behindMs(100_000)).toBe(null)
  behind.took(topic, 0, [{ offset: 1, key: 'clock', value: encodeClock('edge', 2_000) }, ...recordsAt(50_000)], 3)
  expect(behind.behindMs(100_000)).toBe(50_000)
})

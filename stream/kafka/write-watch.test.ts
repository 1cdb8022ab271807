import { expect, it } from 'vitest'
import type { Logger } from '../../contracts/logger.ts'
import { createWriteWatch } from './write-watch.ts'

const begin = () => {
  const time = { ms: 1_000 }
  const said: string[] = []
  const say = (fields: object, text: string): void => void said.push(`${(fields as { topic: string }).topic}: ${text}`)
  const logger: Logger = { debug: say, info: say, warn: say, error: say }
  return { time, said, watch: createWriteWatch(logger, () => time.ms) }
}
const nothing = 'Kafka takes nothing: what waits is tried again'
const again = 'Kafka takes records again'

it('a topic that can not be written is told for as long as that lasts, whatever others that are written do', () => {
  const { time, said, watch } = begin()
  const [findings, clocks] = [watch.of('findings.v1'), watch.of('observations.by-device.v1')]
  findings.begun()
  for (let second = 0; second < 120; second++) {
    findings.failed('Not authorized')
    clocks.begun()
    clocks.succeeded()
    clocks.ended()
    time.ms += 1_000
  }
  expect([watch.awayMs(), findings.awayMs(), clocks.awayMs()]).toEqual([120_000, 120_000, 0])
  expect(watch.trouble()).toBe('Not authorized')
  findings.succeeded()
  expect([watch.awayMs(), watch.trouble(), said]).toEqual([0, null, [`findings.v1: ${nothing}`, `findings.v1: ${again}`]])
})

it('what all topics suffer from is told once, and another reason of one of them too', () => {
  const { said, watch } = begin()
  const [a, b] = [watch.of('a'), watch.of('b')]
  for (const topic of [a, b, a, b]) topic.failed('connect ECONNREFUSED')
  b.failed('Not authorized')
  b.failed('Not authorized')
  expect(said).toEqual([`a: ${nothing}`, `b: ${nothing}`])
  a.succeeded()
  b.succeeded()
  b.succeeded()
  expect(said.slice(2)).toEqual([`a: ${again}`, `b: ${again}`])
})

it('a topic that failed and that nobody writes any more is not away for ever; one whose commit is under way is', () => {
  const { time, watch } = begin()
  const [given, kept] = [watch.of('a'), watch.of('b')]
  given.begun()
  given.failed('timed out')
  given.ended()
  time.ms += 4_000
  expect(watch.awayMs()).toBe(4_000)
  time.ms += 2_000
  expect(watch.awayMs()).toBe(0)
  given.failed('timed out')
  time.ms += 1_000
  expect(given.awayMs()).toBe(1_000)
  kept.begun()
  kept.failed('timed out')
  time.ms += 3_600_000
  expect([given.awayMs(), kept.awayMs(), watch.awayMs()]).toEqual([0, 3_600_000, 3_600_000])
})

import { expect, it } from 'vitest'
import type { Logger } from '../../contracts/logger.ts'
import { createReadWatch } from './read-watch.ts'

const begin = () => {
  const clock = { ms: 1_000 }
  const said: string[] = []
  const say = (_: object, text: string): void => void said.push(text)
  const logger: Logger = { debug: say, info: say, warn: say, error: say }
  return { clock, said, watch: createReadWatch(logger, () => clock.ms) }
}

it('counts from the first trouble that is not over, and says once that there is one and once that there is none', () => {
  const { clock, said, watch } = begin()
  const [a, b] = [watch.open(), watch.open()]
  expect(watch.awayMs()).toBe(0)
  a.failed('findings.v1/0', 'Closed connection')
  expect(watch.trouble()).toBe('Closed connection')
  clock.ms += 3_000
  b.failed('membership', 'no coordinator')
  a.failed('findings.v1/0', 'connect ECONNREFUSED')
  expect(watch.trouble()).toBe('connect ECONNREFUSED')
  clock.ms += 2_000
  expect(watch.awayMs()).toBe(5_000)
  // It was asked for before the first one failed, and given up now.
  a.failed('findings.v1/2', 'request timed out', 0)
  expect([watch.awayMs(), watch.trouble()]).toEqual([6_000, 'request timed out'])
  a.over('findings.v1/2')
  // Another partition is read: this one is not.
  a.over('findings.v1/1')
  expect(watch.awayMs()).toBe(5_000)
  a.over('findings.v1/0')
  expect([watch.awayMs(), watch.trouble()]).toEqual([2_000, 'no coordinator'])
  expect(said).toEqual(['Kafka can not be read; trying again until it can'])
  b.over('membership')
  expect([watch.awayMs(), watch.trouble()]).toEqual([0, null])
  expect(said).toEqual(['Kafka can not be read; trying again until it can', 'Kafka can be read again'])
})

it('what a consumer could not read is over with it', () => {
  const { clock, watch } = begin()
  const troubles = watch.open()
  troubles.failed('findings.v1/0', 'no leader')
  clock.ms += 9_000
  troubles.close()
  expect(watch.awayMs()).toBe(0)
  troubles.failed('findings.v1/0', 'no leader')
  clock.ms += 9_000
  expect(watch.awayMs()).toBe(0)
})

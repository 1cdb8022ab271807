import { expect, it } from 'vitest'
import { type AnalystConnection, StoreAway } from '../connection.ts'
import { createDeskConnection, deskLimitsDefault } from './desk-connection.ts'

it('a server that hangs keeps those who wait no longer than the first ones', async () => {
  let asked = 0
  const analyst = (): AnalystConnection => ({
    async text() {
      asked++
      await new Promise((resolve) => setTimeout(resolve, 100))
      throw new StoreAway('history is away: no answer within 100 ms')
    },
    stream: () => {
      throw new Error('not asked')
    },
    abandon: () => {},
    close: () => {},
  })
  const desk = createDeskConnection({ openAnalyst: analyst }, { ...deskLimitsDefault, connections: 2 })
  const begun = performance.now()
  const answers = await Promise.allSettled(Array.from({ length: 30 }, () => desk.rows('SELECT 1')))
  expect(performance.now() - begun).toBeLessThan(1_000)
  expect(new Set(answers.map((answer) => answer.status === 'rejected' && (answer.reason as Error).message))).toEqual(
    new Set(['history is away: no answer within 100 ms']),
  )
  expect(asked).toBeLessThanOrEqual(3)
  await desk.close()
})

it('an error about the question is that question’s alone', async () => {
  const analyst = (): AnalystConnection => ({
    text: (sql) => (sql === 'bad' ? Promise.reject(new Error('syntax')) : Promise.resolve('[1]\n')),
    stream: () => {
      throw new Error('not asked')
    },
    abandon: () => {},
    close: () => {},
  })
  const desk = createDeskConnection({ openAnalyst: analyst }, deskLimitsDefault)
  await expect(desk.rows('bad')).rejects.toThrow('syntax')
  expect(await desk.rows('good')).toEqual([[1]])
  await desk.close()
})

it('closing gives up what runs where it can be given up, and waits for it where it can not', async () => {
  let abandoned = 0
  let closed = 0
  const running = Promise.withResolvers<string>()
  const analyst = (): AnalystConnection => ({
    text: () => running.promise,
    stream: () => {
      throw new Error('not asked')
    },
    abandon: () => void abandoned++,
    close: () => void closed++,
  })
  const desk = createDeskConnection({ openAnalyst: analyst }, deskLimitsDefault)
  const asked = desk.rows('SELECT 1')
  const closing = desk.close()
  await Promise.resolve()
  expect([abandoned, closed]).toEqual([1, 0])
  running.resolve('[1]\n')
  await Promise.all([asked, closing])
  expect(closed).toBe(1)
})

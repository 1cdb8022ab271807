import { expect, it } from 'vitest'
import { createServerClock } from './server-clock.ts'

const begin = () => {
  const world = { steadyMs: 0, serverMs: 1_000_000, asked: 0, away: false }
  const clock = createServerClock(
    async () => {
      world.asked++
      if (world.away) throw new Error('away')
      return world.serverMs
    },
    () => world.steadyMs,
  )
  const pass = (ms: number): void => {
    world.steadyMs += ms
    world.serverMs += ms
  }
  return { world, clock, pass }
}

it('goes on from what the server said, by a clock that nobody sets', async () => {
  const { world, clock, pass } = begin()
  expect(clock.nowMs()).toBeNull()
  await clock.look()
  pass(59_000)
  expect(clock.nowMs()).toBe(1_059_000)
  expect(world.asked).toBe(1)
})

it('asks again once what it knows is a minute old, one question at a time, and a server that is away changes nothing', async () => {
  const { world, clock, pass } = begin()
  await clock.look()
  pass(60_001)
  world.serverMs += 2_000
  expect(clock.nowMs()).toBe(1_060_001)
  expect(clock.nowMs()).toBe(1_060_001)
  expect(world.asked).toBe(2)
  await new Promise((resolve) => setImmediate(resolve))
  expect(clock.nowMs()).toBe(1_062_001)
  world.away = true
  pass(60_001)
  expect(clock.nowMs()).toBe(1_122_002)
  await new Promise((resolve) => setImmediate(resolve))
  expect(clock.nowMs()).toBe(1_122_002)
})

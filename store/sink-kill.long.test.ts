import { expect, it } from 'vitest'
import { killRounds } from './testing/kill-rounds.ts'

const bun = new URL('../node_modules/@oven/bun-linux-x64/bin/bun', import.meta.url).pathname

it.each([
  ['node', process.execPath],
  ['bun', bun],
])('twenty kills on %s: every row once', { timeout: 300_000 }, async (_, runtime) => {
  let kills = 0
  for (let seed = Date.now() % 1_000_000; kills < 20; seed++) {
    const outcome = await killRounds(seed, 6, runtime)
    kills += outcome.kills
    const { counted, expected, doubles, wrongMinutes } = outcome
    expect({ seed, counted, doubles, wrongMinutes }).toEqual({ seed, counted: expected, doubles: 0, wrongMinutes: 0 })
  }
})

import { expect, it } from 'vitest'
import { killRounds } from './testing/kill-rounds.ts'

it('every row lands once, whenever the process is killed', async () => {
  const seed = 20_261_125
  const { kills, counted, expected, doubles, wrongMinutes } = await killRounds(seed, 3)
  expect(kills).toBeGreaterThan(0)
  expect({ seed, counted, doubles, wrongMinutes }).toEqual({ seed, counted: expected, doubles: 0, wrongMinutes: 0 })
})

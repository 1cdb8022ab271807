import { expect, it } from 'vitest'
import { falseAlerts } from './healthy-hour.ts'

it.each([1, 2])('an hour of 200 healthy devices raises at most one alert (seed %i)', { timeout: 240_000 }, async (seed) => {
  const alerts = await falseAlerts(200, seed, 3_600_000)
  expect([...alerts.values()].map(({ detector, device, why }) => `${detector} ${device}: ${why}`).slice(1)).toEqual([])
})

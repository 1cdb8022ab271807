import { expect, it } from 'vitest'
import { falseAlerts } from './healthy-hour.ts'

it('twenty hours of 200 healthy devices raise at most one alert an hour', async () => {
  let total = 0
  for (let seed = 1; seed <= 20; seed++) {
    const alerts = await falseAlerts(200, seed, 3_600_000)
    process.stdout.write(`seed ${seed}: ${alerts.size} ${[...alerts.keys()].join(', ')}\n`)
    total += alerts.size
  }
  expect(total).toBeLessThanOrEqual(20)
})

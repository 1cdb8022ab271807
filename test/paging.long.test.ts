import { expect, it } from 'vitest'
import { outlastReceiver, startPagedPlatform } from './platform/paged-platform.ts'

it('a receiver that was away for a minute gets the page once when it comes back', { timeout: 300_000 }, async () => {
  const paged = await startPagedPlatform()
  try {
    const { arrived, page, attemptsWhileAway } = await outlastReceiver(paged, 'box-away', 60_000)
    expect(attemptsWhileAway).toBeGreaterThan(3)
    expect(arrived).toHaveLength(1)
    expect(page).toMatchObject({ id: arrived[0]!.key, state: 'sent' })
  } finally {
    await paged.stop()
  }
})

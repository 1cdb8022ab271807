import { expect, it } from 'vitest'
import { createLease } from './lease.ts'

it('is valid for a part of the session after the group was heard of, and wakes who waits when it is heard of again', async () => {
  let nowMs = 0
  const lease = createLease(10_000, () => nowMs)
  expect(lease.valid()).toBe(false)
  lease.renew()
  nowMs = 6_900
  expect(lease.valid()).toBe(true)
  expect(lease.unheardMs()).toBe(0)
  nowMs = 7_100
  expect(lease.valid()).toBe(false)
  expect(lease.unheardMs()).toBe(7_100)
  let went = false
  const waiting = lease.whenValid().then(() => (went = true))
  await Promise.resolve()
  expect(went).toBe(false)
  lease.renew()
  await waiting
  expect(went).toBe(true)
})

it('lets everybody go when partitions are given back, and counts again when others are gained', async () => {
  const lease = createLease(10_000, () => 0)
  const waiting = lease.whenValid()
  lease.end()
  await waiting
  lease.revive()
  let went = false
  const later = lease.whenValid().then(() => (went = true))
  await Promise.resolve()
  expect(went).toBe(false)
  lease.renew()
  await later
})

import { expect, it } from 'vitest'
import { createLease } from './lease.ts'

it('is valid for a part of the session after the group was heard of, and wakes who waits when it is heard of again', async () => {
  let nowMs = 0
  const lease = createLease(10_000, () => nowMs)
  expect(lease.valid()).toBe(false)
  lease.renew(0)
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
  lease.renew(0)
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
  lease.renew(0)
  await later
})

it('counts from when it was asked, not from when the answer came', () => {
  let nowMs = 10_000
  const lease = createLease(1_000, () => nowMs)
  lease.renew(650)
  expect(lease.valid()).toBe(true)
  nowMs += 60
  expect(lease.valid()).toBe(false)
  // What comes late takes nothing back.
  lease.renew(0)
  lease.renew(900)
  expect(lease.valid()).toBe(true)
})

it('is over at once when the group has said so, until it hears of the member again', () => {
  const lease = createLease(1_000, () => 10_000)
  lease.renew(0)
  lease.lose()
  expect(lease.valid()).toBe(false)
  lease.renew(0)
  expect(lease.valid()).toBe(true)
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressKey, createSignInDelay, signInDelayLimits } from './sign-in-delay.ts'

const moving = () => {
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs }
  return clock
}

it('whatever others fail at from elsewhere, the owner is never held up', () => {
  const attack = fc.array(
    fc.record({
      account: fc.constantFrom('ada', 'rosa'),
      address: fc.constantFrom('6.6.6.1', '6.6.6.2', '6.6.6.3'),
      afterMs: fc.nat(5_000),
    }),
    {
      maxLength: 200,
    },
  )
  fc.assert(
    fc.property(attack, (tries) => {
      const clock = moving()
      const delay = createSignInDelay(clock)
      for (const { account, address, afterMs } of tries) {
        clock.nowMs += afterMs
        delay.begin(account, address, null)
      }
      return delay.begin('ada', '10.0.0.1', null).ok
    }),
  )
})

it('whoever waits as long as told may go on, and gets at most the free tries and then ever fewer', () => {
  const clock = moving()
  const delay = createSignInDelay(clock)
  let tries = 0
  const untilMs = clock.nowMs + 3_600_000
  while (clock.nowMs < untilMs) {
    const begun = delay.begin('ada', '6.6.6.6', null)
    if (begun.ok) tries++
    else clock.nowMs += begun.retryAfterMs
  }
  // 5 free ones, then 1, 2, 4 .. 256 s, then one each 5 minutes.
  expect(tries).toBeLessThan(30)
})

it('a right one clears the account and leaves what was wrong before at the address', () => {
  const clock = moving()
  const delay = createSignInDelay(clock)
  for (let i = 0; i < 29; i++) delay.begin(`name-${i}`, '6.6.6.6', null)
  const right = delay.begin('mine', '6.6.6.6', null)
  if (right.ok) right.succeeded()
  expect(delay.begin('other', '6.6.6.6', null).ok).toBe(true)
  expect(delay.begin('another', '6.6.6.6', null).ok).toBe(false)
})

it('whoever tries wrong links holds up the others at the address for seconds only, and twenty right ones at once none', () => {
  const clock = moving()
  const delay = createSignInDelay(clock)
  const morning = Array.from({ length: 20 }, () => delay.begin(null, '10.0.0.1', null))
  expect(morning.every(({ ok }) => ok)).toBe(true)
  for (const right of morning) if (right.ok) right.succeeded()
  for (let i = 0; i < 1_000; i++) {
    const wrong = delay.begin(null, '10.0.0.1', null)
    if (!wrong.ok) clock.nowMs += wrong.retryAfterMs
  }
  const mine = delay.begin(null, '10.0.0.1', null)
  expect(mine.ok || mine.retryAfterMs <= signInDelayLimits.addressDelayMsMax).toBe(true)
})

it('is bounded in memory, and forgets', () => {
  const clock = moving()
  const delay = createSignInDelay(clock, { ...signInDelayLimits, entriesMax: 100 })
  for (let i = 0; i < 1_000; i++) delay.begin('ada', `10.0.${i >> 8}.${i & 255}`, null)
  expect(delay.size).toBeLessThanOrEqual(101)
})

it('who owns an IPv6 network is one guesser', () => {
  expect(addressKey('2001:db8:1:2::1')).toBe(addressKey('2001:0db8:1:2:ffff::9'))
  expect(addressKey('2001:db8:1:2::1')).not.toBe(addressKey('2001:db8:1:3::1'))
  expect(addressKey('::ffff:10.0.0.1')).toBe('10.0.0.1')
  expect(addressKey('::1')).toBe('0:0:0:0::/64')
})

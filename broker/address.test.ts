import { expect, it } from 'vitest'
import { plainAddress, rateKey } from './address.ts'

it.each([
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8::1', '2001:db8::1'],
  [undefined, 'unknown'],
  ['', 'unknown'],
])('shows %s as %s', (address, shown) => {
  expect(plainAddress(address)).toBe(shown)
})

it.each([
  ['10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('counts the connects of %s by %s', (address, key) => {
  expect(rateKey(address)).toBe(key)
})

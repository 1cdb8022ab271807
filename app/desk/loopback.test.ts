import { expect, it } from 'vitest'
import { deskAuthority, deskNames, isLoopback } from './loopback.ts'

it.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost'])('%s is this machine', (host) => expect(isLoopback(host)).toBe(true))
it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.example', '127evil.example', 'desk.example', '::ffff:127.0.0.1'])(
  '%s is not, and speaks TLS',
  (host) => expect(isLoopback(host)).toBe(false),
)
it('a link names the address on loopback, else the first name', () => {
  expect(deskAuthority('127.0.0.1', ['localhost'], 1)).toBe('127.0.0.1:1')
  expect(deskAuthority('::1', ['localhost'], 1)).toBe('[::1]:1')
  expect(deskAuthority('0.0.0.0', ['desk.example', 'localhost'], 1)).toBe('desk.example:1')
  expect(deskAuthority('10.1.2.3', [], 1)).toBe('10.1.2.3:1')
})
it('its own address is a name too', () => {
  expect(deskNames('10.1.2.3', ['desk.example'])).toEqual(['desk.example', '10.1.2.3'])
  expect(deskNames('0.0.0.0', ['desk.example'])).toEqual(['desk.example'])
})

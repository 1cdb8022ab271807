import { describe, expect, it } from 'vitest'
import { parseAddressList } from './address-list.ts'

const has = (entries: readonly string[], address: string): boolean => {
  const parsed = parseAddressList(entries)
  if (!parsed.ok) throw new Error(parsed.problem)
  return parsed.list.has(address)
}

describe('a list of addresses', () => {
  it.each([
    ['10.1.2.0/24', '10.1.2.255', true],
    ['10.1.2.0/24', '10.1.3.0', false],
    ['10.1.2.7', '10.1.2.7', true],
    ['10.1.2.7', '10.1.2.8', false],
    ['fd00:1::/64', 'fd00:1::7', true],
    ['fd00:1::/64', 'fd00:1:0:0:ffff::7', true],
    ['fd00:1::/64', 'fd00:1:0:1::7', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['10.0.0.0/8', 'unknown', false],
    ['10.0.0.0/8', '', false],
  ])('%s has %s: %s', (entry, address, answer) => expect(has([entry], address)).toBe(answer))
  it('is empty without entries', () => expect(has([], '127.0.0.1')).toBe(false))
  it.each([
    '10.1.2.0/33',
    '10.1.2/24',
    'haproxy',
    '',
    '10.1.2.3/',
    '10.1.2.3/8/8',
    'fd00::/129',
    '0.0.0.0/0',
    '::/0',
    '10.1.2.3/ 8',
    'fe80::1%eth0',
  ])("refuses '%s' by name", (entry) =>
    expect(parseAddressList(['10.0.0.1', entry])).toMatchObject({ ok: false, problem: expect.stringContaining(`${entry}: `) }),
  )
})

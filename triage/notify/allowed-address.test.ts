import { describe, expect, it } from 'vitest'
import { isAllowedAddress, resolveAllowed } from './allowed-address.ts'

describe('where a page may go', () => {
  for (const address of ['127.0.0.1', '::1', '10.1.2.3', '192.168.0.9', 'fd00::1', '203.0.113.7', '2001:db8::1', '::ffff:127.0.0.1'])
    it(`${address} is allowed`, () => expect(isAllowedAddress(address)).toBe(true))
  for (const address of [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    'not an address',
  ])
    it(`${address} is not`, () => expect(isAllowedAddress(address)).toBe(false))

  const signal = new AbortController().signal
  it('a name is judged by what it leads to', async () => {
    expect(await resolveAllowed('localhost', signal)).toMatchObject({ ok: true })
    expect(await resolveAllowed('[fe80::1]', signal)).toMatchObject({ ok: false, forGood: true })
    expect(await resolveAllowed('nowhere.invalid', signal)).toMatchObject({ ok: false, forGood: false })
  })
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { silentLogger } from '../../contracts/logger.ts'
import { createMemoryTopicLog } from '../testing/memory-topic-log.ts'
import { openAccounts } from './open-accounts.ts'

const open = async (log = createMemoryTopicLog()) => {
  const clock = { nowMs: 1_795_600_000_000, now: () => clock.nowMs }
  return { log, clock, accounts: await openAccounts({ log, clock, logger: silentLogger }) }
}
const from = { address: '10.0.0.1', browserSecret: null }

it('what a restart reads is what there was, whatever was done', async () => {
  const step = fc.constantFrom('create', 'link', 'disable', 'enable', 'demote', 'token', 'revoke', 'out')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.constantFrom('ada', 'rosa', 'tom')), { maxLength: 30 }), async (steps) => {
      const { log, clock, accounts } = await open()
      for (const [what, account] of steps) {
        clock.nowMs += 1_000
        if (what === 'create') await accounts.people.create('x', { account, displayName: account, role: 'admin' })
        if (what === 'disable') await accounts.people.change('x', account, { disabled: true })
        if (what === 'enable') await accounts.people.change('x', account, { disabled: false })
        if (what === 'demote') await accounts.people.change('x', account, { role: 'viewer' })
        if (what === 'token' && accounts.people.account(account) !== undefined)
          await accounts.tokens.create(account, { name: 'n', scope: 'read', expiresInDays: 1 })
        if (what === 'revoke') for (const { id } of accounts.tokens.list(account)) await accounts.tokens.revoke('x', id, account)
        if (what === 'link') {
          const made = await accounts.people.link('x', account)
          if (made.ok) await accounts.signIn.byLink(made.link.code, from)
        }
      }
      await accounts.close()
      const again = await openAccounts({ log, clock, logger: silentLogger })
      expect(again.people.list()).toEqual(accounts.people.list())
      expect(again.tokens.list(null)).toEqual(accounts.tokens.list(null))
      expect(again.stats()).toEqual({ ...accounts.stats(), delayedSignIns: 0 })
      await again.close()
      // There is always somebody who can let others in, once there was.
      const admins = accounts.people.list().filter(({ role, disabled }) => role === 'admin' && !disabled)
      if (accounts.people.list().length > 0) expect(admins.length).toBeGreaterThan(0)
    }),
    { numRuns: 60 },
  )
})

it('an event that can not be read keeps nobody out', async () => {
  const { log, clock, accounts } = await open()
  await accounts.people.create('x', { account: 'ada', displayName: 'Ada', role: 'admin' })
  await log.append('accounts.v1', [{ key: 'x', value: Buffer.from('{"type":"account.created"') }])
  await log.append('accounts.v1', [{ key: 'x', value: Buffer.from('{"type":"from.the.future"}') }])
  await accounts.close()
  const again = await openAccounts({ log, clock, logger: silentLogger })
  expect(again.people.account('ada')?.role).toBe('admin')
  await again.close()
})

it('a link that could not be recorded as used is not used up', async () => {
  const { log, accounts } = await open()
  const made = await accounts.people.create('x', { account: 'ada', displayName: 'Ada', role: 'admin' })
  if (!made.ok) throw new Error()
  log.unavailable = true
  await expect(accounts.signIn.byLink(made.link.code, from)).rejects.toThrow('the disk is full')
  log.unavailable = false
  expect((await accounts.signIn.byLink(made.link.code, from)).ok).toBe(true)
  await accounts.close()
})

it('an account has so many sessions; the one that rests longest makes room', async () => {
  const { clock, accounts } = await open()
  await accounts.people.create('x', { account: 'ada', displayName: 'Ada', role: 'admin' })
  const secrets: string[] = []
  for (let i = 0; i < 252; i++) {
    clock.nowMs += 1_000
    const made = await accounts.people.link('x', 'ada')
    const signedIn = made.ok ? await accounts.signIn.byLink(made.link.code, from) : made
    if (signedIn.ok && 'sessionSecret' in signedIn) secrets.push(signedIn.sessionSecret)
  }
  expect(secrets).toHaveLength(252)
  expect(accounts.stats()['sessions']).toBe(250)
  expect(accounts.sessions.bySecret(secrets[0]!)).toBeNull()
  expect(accounts.sessions.bySecret(secrets.at(-1)!)?.account).toBe('ada')
  await accounts.close()
})

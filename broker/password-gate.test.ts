import { expect, it } from 'vitest'
import type { DeviceRecord } from '../contracts/registry.ts'
import { edgeLimits } from './limits.ts'
import { createPasswordGate } from './password-gate.ts'
import { testRecord } from './test-edge.ts'

const limits = edgeLimits.parse({ passwordDelayMs: 1, passwordDelayMsMax: 1, passwordQueueMax: 3 })
const withPassword = (device: string, password: string, change: Partial<DeviceRecord> = {}): DeviceRecord =>
  testRecord(device, [], { passwordHash: password, ...change })

/** A gate over a registry of which `unread` comes in with the next look; a hash is its password. */
const openGate = (...known: readonly DeviceRecord[]) => {
  const records = new Map(known.map((record) => [record.device, record]))
  let changes = 0
  let looks = 0
  const checked: string[] = []
  const world = { unread: [] as DeviceRecord[], reached: true, whileChecking: (): void => {} }
  const change = (record: DeviceRecord): void => {
    records.set(record.device, record)
    changes++
  }
  const gate = createPasswordGate(
    async (hash, password) => {
      checked.push(hash.startsWith('$argon2id$') ? 'decoy' : hash)
      await Promise.resolve()
      world.whileChecking()
      return hash === password.toString()
    },
    { now: () => 1 },
    limits,
    {
      changes: () => changes,
      async wait() {
        looks++
        await Promise.resolve()
        for (const record of world.unread.splice(0)) change(record)
        return world.reached
      },
    },
  )
  return {
    world,
    change,
    checked,
    get looks() {
      return looks
    },
    signIn: (device: string, password: string) => gate(() => records.get(device), Buffer.from(password), '10.0.0.1'),
  }
}

it('a right password is checked once and asks nobody', async () => {
  const record = withPassword('pump', 'right')
  const gate = openGate(record)
  expect(await gate.signIn('pump', 'right')).toBe(record)
  expect([gate.looks, gate.checked]).toEqual([0, ['right']])
})

it('a wrong one is looked up once more: who was enrolled, renewed or reinstated a moment ago is right after all', async () => {
  const gate = openGate(withPassword('renewed', 'old'), withPassword('back', 'old', { status: 'revoked' }))
  for (const device of ['new', 'renewed', 'back']) {
    const news = withPassword(device, 'right')
    gate.world.unread = [news]
    expect(await gate.signIn(device, 'right')).toBe(news)
  }
  expect(gate.looks).toBe(3)
})

it('the same is done for an unknown user, a revoked one, one without a password, and a wrong password: whatever the look brings', async () => {
  const known = [withPassword('guessed', 'right'), withPassword('gone', 'right', { status: 'revoked' }), testRecord('certified', ['aa'])]
  const workOf = async (device: string, news: readonly DeviceRecord[], reached: boolean) => {
    const gate = openGate(...known)
    Object.assign(gate.world, { unread: [...news], reached })
    const verdict = await gate.signIn(device, 'wrong')
    return { verdict, looks: gate.looks, checks: gate.checked.length }
  }
  for (const device of ['guessed', 'gone', 'certified', 'nobody']) {
    expect(await workOf(device, [], true), device).toEqual({ verdict: 'wrong', looks: 1, checks: 1 })
    expect(await workOf(device, [], false), device).toEqual({ verdict: 'behind', looks: 1, checks: 1 })
    // Of this device or of another one.
    for (const changed of [device, 'elsewhere'])
      expect(await workOf(device, [withPassword(changed, 'new')], true), device).toEqual({ verdict: 'wrong', looks: 1, checks: 2 })
  }
})

it('a revoked device is not told by a quicker answer that its password was right', async () => {
  const gate = openGate(withPassword('gone', 'right', { status: 'revoked' }))
  expect(await gate.signIn('gone', 'right')).toBe('wrong')
  expect([gate.looks, gate.checked]).toEqual([1, ['decoy']])
})

it('what changes while the check runs counts: revoked is out, a new password is in', async () => {
  const revoked = openGate(withPassword('pump', 'right'))
  revoked.world.whileChecking = () => {
    revoked.world.whileChecking = () => {}
    revoked.change(withPassword('pump', 'right', { status: 'revoked' }))
  }
  expect(await revoked.signIn('pump', 'right')).toBe('wrong')
  const renewed = openGate(withPassword('pump', 'old'))
  const record = withPassword('pump', 'new')
  renewed.world.whileChecking = () => {
    renewed.world.whileChecking = () => {}
    renewed.change(record)
  }
  expect(await renewed.signIn('pump', 'new')).toBe(record)
  expect(renewed.checked).toEqual(['old', 'new'])
})

it('a second check waits in the same queue and counts against the same limit', async () => {
  const gate = openGate(withPassword('pump', 'right'))
  let atOnce = 0
  let most = 0
  const hold: (() => void)[] = []
  const bounded = createPasswordGate(
    async () => {
      most = Math.max(most, ++atOnce)
      await new Promise<void>((resolve) => hold.push(resolve))
      atOnce--
      return false
    },
    { now: () => 1 },
    limits,
    // Each look finds something new.
    { changes: () => gate.looks + hold.length, wait: async () => true },
  )
  const answers = Array.from({ length: 9 }, () => bounded(() => undefined, Buffer.from('x'), '10.0.0.1'))
  const all = Promise.all(answers)
  const free = setInterval(() => hold.shift()?.(), 1)
  const verdicts = await all
  clearInterval(free)
  expect(most).toBe(limits.passwordChecksMax)
  expect(verdicts.filter((verdict) => verdict === 'busy').length).toBeGreaterThanOrEqual(
    9 - limits.passwordChecksMax - limits.passwordQueueMax,
  )
  expect(verdicts).toContain('wrong')
})

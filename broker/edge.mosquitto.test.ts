import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestWorld, runtimes, site, startTestEdge, type TestEdge, testRecord, type TestWorld } from './test-edge.ts'
import type { TestIdentity } from './test-certificates.ts'

const installed = existsSync('/usr/bin/mosquitto_pub')
let world: TestWorld
let directory = ''
beforeAll(async () => {
  world = await createTestWorld()
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-mosquitto-'))
  writeFileSync(join(directory, 'ca.pem'), world.authority.certificatePem)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!installed).each(runtimes)(
  "Debian's mosquitto_pub and mosquitto_sub (skipped where they are not installed), on $runtime",
  ({ program }) => {
    let edge: TestEdge
    let good: TestIdentity

    const files = (name: string, identity: TestIdentity | null): string[] => {
      const common = ['-h', '127.0.0.1', '-p', String(edge.port), '--cafile', join(directory, 'ca.pem')]
      if (identity === null) return common
      writeFileSync(join(directory, `${name}.pem`), identity.certificatePem)
      writeFileSync(join(directory, `${name}-key.pem`), identity.keyPem)
      return [...common, '--cert', join(directory, `${name}.pem`), '--key', join(directory, `${name}-key.pem`)]
    }
    const publish = (
      name: string,
      identity: TestIdentity | null,
      message: string,
      ...args: string[]
    ): Promise<{ code: number; words: string }> =>
      new Promise((resolve) => {
        const topic = `v1/${site}/${name}/telemetry`
        execFile(
          '/usr/bin/mosquitto_pub',
          [...files(name, identity), '-i', name, '-t', topic, '-m', message, ...args],
          (error, out, words) => resolve({ code: error === null ? 0 : Number(error.code), words: out + words }),
        )
      })

    beforeAll(async () => {
      good = await world.authority.issue({ commonName: 'pump-7', purpose: 'client' })
      const revoked = await world.authority.issue({ commonName: 'gone', purpose: 'client' })
      edge = await startTestEdge(program, world, [
        testRecord('pump-7', [good.fingerprint]),
        testRecord('gone', [revoked.fingerprint], { status: 'revoked' }),
      ])
    })
    afterAll(() => edge.stop())

    it.each(['0', '1', '2'])('publishes at QoS %s', async (qos) => {
      expect(await publish('pump-7', good, `qos ${qos}`, '-q', qos)).toEqual({ code: 0, words: '' })
      await edge.seen(({ payload }) => payload === `qos ${qos}`)
    })

    it('receives its commands', async () => {
      const topic = `v1/${site}/pump-7/command`
      const subscriber = spawn('/usr/bin/mosquitto_sub', [...files('pump-7', good), '-i', 'pump-7', '-t', topic, '-q', '1', '-C', '1'])
      const heard = new Promise<string>((resolve) => subscriber.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())))
      await edge.observed('subscribe')
      const command = { id: 'c', device: 'pump-7', site, payload: '{"stop":true}', issuedAt: 0, expiresAt: Date.now() + 60_000 }
      // The observation tells of the wish; the subscription stands a moment later.
      let became = await edge.deliver(command)
      while (became === 'not-subscribed') became = await edge.deliver(command)
      expect(became).toBe('delivered')
      expect(await heard).toBe('{"stop":true}\n')
    })

    it.each([
      { what: 'without a certificate', name: 'pump-7', identity: async () => null, reason: 'no-certificate' },
      {
        what: "with a rogue authority's",
        name: 'pump-7',
        identity: () => world.rogue.issue({ commonName: 'pump-7', purpose: 'client' }),
        reason: 'untrusted-certificate',
      },
      {
        what: 'with an expired one',
        name: 'pump-7',
        identity: () => world.authority.issue({ commonName: 'pump-7', purpose: 'client', notAfter: new Date(Date.now() - 60_000) }),
        reason: 'expired-certificate',
      },
      {
        what: 'with one that nobody enrolled',
        name: 'stranger',
        identity: () => world.authority.issue({ commonName: 'stranger', purpose: 'client' }),
        reason: 'unknown-identity',
      },
      {
        what: 'for a revoked device',
        name: 'gone',
        identity: () => world.authority.issue({ commonName: 'gone', purpose: 'client' }),
        reason: 'revoked',
      },
    ])('is refused $what: $reason', async ({ name, identity, reason }) => {
      const { code } = await publish(name, await identity(), 'refused', '-q', '1')
      expect(code).not.toBe(0)
      await edge.observed('refused', (o) => o.reason === reason)
      expect(edge.messages().some(({ payload }) => payload === 'refused')).toBe(false)
    })

    it('is told that MQTT 5 is not spoken', async () => {
      const { code } = await publish('pump-7', good, 'five', '-V', '5')
      expect(code).not.toBe(0)
      await edge.observed('refused', (o) => o.reason === 'protocol-version')
    })
  },
)

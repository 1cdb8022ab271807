import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../app/control/client.ts'
import { systemClock } from '../contracts/clock.ts'
import type { Identity } from '../app/identity.ts'
import { deriveKey } from '../app/master-key.ts'
import { createAuthority, loadAuthority } from '../registry/authority.ts'
import { createSealer } from '../stream/seal.ts'
import { freePort } from './platform/free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform/platform-process.ts'
import { queryRows } from './platform/query-rows.ts'

const installed = spawnSync('mosquitto_pub', ['--help']).error === undefined
const lacking = installed ? '' : ' (skipped: mosquitto_pub is not installed)'
const run = promisify(execFile)

describe.skipIf(!installed)(`Debian's mosquitto clients against the platform${lacking}`, () => {
  const data = mkdtempSync(join(tmpdir(), 'ww-mosquitto-'))
  let platform: PlatformProcess
  const cli = (...words: string[]) => run(process.execPath, ['app/main.ts', ...words, '--data', data])
  const certificate = (device: string): string[] => [
    '--cafile',
    join(data, 'ca.crt'),
    '--cert',
    join(data, device, 'device.crt'),
    '--key',
    join(data, device, 'device.key'),
    '-i',
    device,
  ]
  const publish = async (device: string, topic: string, proof: readonly string[] = certificate(device)) => {
    const { status, stderr } = spawnSync(
      'mosquitto_pub',
      ['-h', 'localhost', '-p', String(platform.mqttPort), ...proof, '-q', '1', '-t', topic, '-m', '{"seq":1,"vitals":{"hr":72}}'],
      { encoding: 'utf8', timeout: 15_000 },
    )
    return { accepted: status === 0, stderr }
  }
  const refusals = async (): Promise<string[]> => {
    const rows = await queryRows<{ reason: string }>(data, `SELECT DISTINCT reason FROM sessions WHERE event = 'refused' ORDER BY reason`)
    return rows.map(({ reason }) => reason)
  }
  const refusedFor = async (reason: string): Promise<boolean> => {
    for (let tries = 0; tries < 100; tries++) {
      if ((await refusals()).includes(reason)) return true
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return false
  }

  const happened = async (device: string, what: string): Promise<boolean> => {
    for (let tries = 0; tries < 100; tries++) {
      if ((await queryRows(data, `SELECT event FROM sessions WHERE device = '${device}' AND ${what}`)).length > 0) return true
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return false
  }

  beforeAll(async () => {
    platform = await startPlatformProcess({ data, mqttPort: await freePort() })
    for (const device of ['pump-1', 'pump-2', 'pump-3'])
      await cli('device', 'enrol', device, '--site', 'north', '--out', join(data, device))
  }, 60_000)
  afterAll(async () => {
    await platform.stop()
    rmSync(data, { recursive: true, force: true })
  })

  it('a device that `device enrol` made can publish, and its reading lands', async () => {
    expect(await publish('pump-1', 'v1/north/pump-1/telemetry')).toMatchObject({ accepted: true })
    for (let tries = 0; tries < 100; tries++) {
      if ((await queryRows(data, "SELECT hr FROM readings WHERE device = 'pump-1'")).length > 0) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(await queryRows(data, "SELECT hr, site FROM readings WHERE device = 'pump-1'")).toEqual([{ hr: 72, site: 'north' }])
  })

  it('mosquitto_sub gets the command that was sent before it came, and no other topic', async () => {
    await cli('device', 'command', 'pump-2', '{"do":"report"}')
    const sub = spawn('mosquitto_sub', [
      '-h',
      'localhost',
      '-p',
      String(platform.mqttPort),
      ...certificate('pump-2'),
      '-q',
      '1',
      '-C',
      '1',
      '-W',
      '20',
      '-t',
      'v1/north/pump-2/command',
    ])
    let heard = ''
    sub.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    expect(await new Promise((resolve) => sub.once('exit', resolve))).toBe(0)
    expect(heard.trim()).toBe('{"do":"report"}')
    const { stderr } = spawnSync(
      'mosquitto_sub',
      ['-h', 'localhost', '-p', String(platform.mqttPort), ...certificate('pump-2'), '-W', '2', '-t', 'v1/north/pump-1/telemetry'],
      { encoding: 'utf8' },
    )
    expect(stderr).toMatch(/denied|not authori[sz]ed|Timed out/i)
  })

  it('without a certificate it is refused, and that is an observation', async () => {
    expect((await publish('pump-1', 'v1/north/pump-1/telemetry', ['--cafile', join(data, 'ca.crt'), '-i', 'pump-1'])).accepted).toBe(false)
    expect(await refusedFor('no-certificate')).toBe(true)
  })

  it("with another CA's certificate, an expired one or another device's it is refused", async () => {
    const forge = async (name: string, certificatePem: string, keyPem: string): Promise<string[]> => {
      writeFileSync(join(data, `${name}.crt`), certificatePem)
      writeFileSync(join(data, `${name}.key`), keyPem, { mode: 0o600 })
      return ['--cafile', join(data, 'ca.crt'), '--cert', join(data, `${name}.crt`), '--key', join(data, `${name}.key`), '-i', 'pump-1']
    }
    const rogueAuthority = await createAuthority({ siteName: 'rogue', clock: systemClock })
    const rogue = await rogueAuthority.issueDeviceCertificate({ device: 'pump-1', days: 30 })
    expect(
      (await publish('pump-1', 'v1/north/pump-1/telemetry', await forge('rogue', rogue.certificatePem, rogue.privateKeyPem))).accepted,
    ).toBe(false)
    expect(await refusedFor('untrusted-certificate')).toBe(true)
    // The platform's own authority, two years ago.
    const master = Buffer.from(readFileSync(join(data, 'master.key'), 'utf8').trim(), 'hex')
    const identity = JSON.parse(
      createSealer(deriveKey(master, 'authority'), 'identity')
        .open(readFileSync(join(data, 'identity.sealed')), 'identity')
        .toString('utf8'),
    ) as Identity
    const longAgo = { now: () => Date.now() - 730 * 86_400_000 }
    const expired = await (
      await loadAuthority({ certificatePem: identity.caPem, privateKeyPem: identity.authorityKeyPem }, longAgo)
    ).issueDeviceCertificate({ device: 'pump-1', days: 30 })
    expect(
      (await publish('pump-1', 'v1/north/pump-1/telemetry', await forge('expired', expired.certificatePem, expired.privateKeyPem)))
        .accepted,
    ).toBe(false)
    expect(await refusedFor('expired-certificate')).toBe(true)
    const proof = [...certificate('pump-3').slice(0, -2), '-i', 'pump-1']
    expect((await publish('pump-1', 'v1/north/pump-1/telemetry', proof)).accepted).toBe(false)
    expect(await refusedFor('client-id-mismatch')).toBe(true)
  })

  it('a revoked device is refused, and a connected one is cut off at once', async () => {
    const sub = spawn('mosquitto_sub', [
      '-h',
      'localhost',
      '-p',
      String(platform.mqttPort),
      ...certificate('pump-3'),
      '-q',
      '1',
      '-t',
      'v1/north/pump-3/command',
    ])
    expect(await happened('pump-3', "event = 'subscribe'")).toBe(true)
    expect(await ask(data, 'revoke', { device: 'pump-3', reason: 'lost' })).toMatchObject({ ok: true, value: { ok: true } })
    expect(await happened('pump-3', "event = 'disconnect' AND reason = 'revoked'")).toBe(true)
    sub.kill()
    expect((await publish('pump-3', 'v1/north/pump-3/telemetry')).accepted).toBe(false)
    expect(await refusedFor('revoked')).toBe(true)
  })
})

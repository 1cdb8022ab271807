import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type MqttClient, connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deadLetter } from '../contracts/dead-letter.ts'
import { type AppendRecord, LogUnavailable } from '../contracts/event-log.ts'
import { createAuthority } from '../registry/authority.ts'
import { appendOnly, bridgeWith, fileLog, linesOf } from './bridge-to-file.ts'
import { createEnvelopeDecoder } from './envelope-decoder.ts'

const mosquitto = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/opt/homebrew/sbin/mosquitto'].find((path) => existsSync(path))

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe.skipIf(mosquitto === undefined)(`a bridge to a real mosquitto${mosquitto === undefined ? ' (skipped: none here)' : ''}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-bridge-'))
  let broker: ChildProcess
  let url: string
  let tlsUrl: string
  let publisher: MqttClient
  let clientTls: { caPem: string; certificatePem: string; privateKeyPem: string }

  beforeAll(async () => {
    const authority = await createAuthority({ siteName: 'test', clock: { now: () => Date.now() } })
    const server = await authority.issueServerCertificate({ names: ['localhost'], addresses: ['127.0.0.1'], days: 1 })
    const client = await authority.issueDeviceCertificate({ device: 'bridge', days: 1 })
    clientTls = { caPem: authority.certificatePem, certificatePem: client.certificatePem, privateKeyPem: client.privateKeyPem }
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text)
      return join(directory, name)
    }
    const [port, tlsPort] = [await freePort(), await freePort()]
    const config = `user root
allow_anonymous true
max_queued_messages 0
max_inflight_messages 100
listener ${port} 127.0.0.1
listener ${tlsPort} 127.0.0.1
cafile ${file('ca.pem', authority.certificatePem)}
certfile ${file('server.pem', server.certificatePem)}
keyfile ${file('server.key', server.privateKeyPem)}
require_certificate true
`
    broker = spawn(mosquitto!, ['-v', '-c', file('mosquitto.conf', config)], { stdio: ['ignore', 'ignore', 'pipe'] })
    const lines = createInterface({ input: broker.stderr! })
    await new Promise<void>((resolve) => lines.on('line', (line) => line.includes('running') && resolve()))
    url = `mqtt://127.0.0.1:${port}`
    tlsUrl = `mqtts://localhost:${tlsPort}`
    publisher = await connectAsync(url, { clientId: 'publisher' })
  })
  afterAll(async () => {
    await publisher.endAsync()
    const gone = once(broker, 'exit')
    broker.kill()
    await gone
    rmSync(directory, { recursive: true })
  })

  const publish = (name: string, from: number, to: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) =>
        publisher.publishAsync(`${name}/general/monitor-${(from + i) % 7}/telemetry`, `{"seq":${from + i},"vitals":{"hr":72}}`, { qos: 1 }),
      ),
    )

  /** Each test reads a tree of its own: sessions that outlive their bridge must not mix. */
  const of = (name: string) => ({ url, name, subscription: `$share/wardwatch/${name}/#`, topicPattern: `${name}/+site/+device/telemetry` })

  /** A log in memory that tells when a condition on its records holds. */
  const memory = () => {
    const records: AppendRecord[] = []
    const waiters: { until: () => boolean; resolve: () => void }[] = []
    return {
      records,
      keep(more: readonly AppendRecord[]) {
        records.push(...more)
        for (const { until, resolve } of waiters) if (until()) resolve()
      },
      reaches: (until: () => boolean) => new Promise<void>((resolve) => (until() ? resolve() : waiters.push({ until, resolve }))),
    }
  }
  const seqs = (records: readonly AppendRecord[]): Set<number> => {
    const decoder = createEnvelopeDecoder()
    return new Set(
      records.map(({ value }) => {
        const decoded = decoder.decode(value)
        if (decoded.outcome !== 'ok' || decoded.observation.kind !== 'reading') throw new Error(JSON.stringify(decoded))
        return decoded.observation.seq!
      }),
    )
  }

  /** Makes the session that the broker keeps: from here on nothing that is published may be missed. */
  const subscribed = async (name: string): Promise<void> => {
    const client = await connectAsync(url, { clientId: `wardwatch-${name}`, clean: false })
    await client.subscribeAsync(`$share/wardwatch/${name}/#`, { qos: 1 })
    await client.endAsync()
  }

  it('over mTLS writes the envelopes that our own edge would have written, and dead letters for topics that do not fit', async () => {
    await subscribed('tls')
    const kept = memory()
    const dropped: string[] = []
    const byTopic = new Map<string, AppendRecord[]>()
    const log = appendOnly(async (topic, records) => {
      byTopic.set(topic, [...(byTopic.get(topic) ?? []), ...records])
      kept.keep(records)
    })
    const bridge = await bridgeWith({
      ...of('tls'),
      url: tlsUrl,
      tls: clientTls,
      model: 'm',
      log,
      onDrop: (reason, topic) => dropped.push(`${reason} ${topic}`),
    })
    await publisher.publishAsync('tls/elsewhere', Buffer.from([1, 2, 255]), { qos: 1 })
    await publisher.publishAsync('tls/general/monitor-1/telemetry', '{"seq":5,"vitals":{"hr":72}}', { qos: 1 })
    await kept.reaches(() => byTopic.size === 2)
    await bridge.close()
    await bridge.failed
    const [record] = byTopic.get('observations.by-device.v1')!
    expect(record!.key).toBe('monitor-1')
    expect(createEnvelopeDecoder().decode(record!.value)).toMatchObject({
      outcome: 'ok',
      observation: { site: 'general', device: 'monitor-1', model: 'm', session: 'bridge-tls-one', seq: 5, redelivered: false },
    })
    const letter = deadLetter.parse(JSON.parse(Buffer.from(byTopic.get('dead-letters.v1')![0]!.value).toString()))
    expect(letter).toMatchObject({
      reason: 'unknown-leaf',
      origin: 'tls/elsewhere',
      payloadBase64: Buffer.from([1, 2, 255]).toString('base64'),
    })
    expect(dropped[0]).toBe('dead-letter tls/elsewhere')
    expect(bridge.stats()).toMatchObject({ connected: 0, inFlight: 0 })
  })

  it('does not acknowledge what the log does not have: another start gets all of it again', async () => {
    await subscribed('unacked')
    const first = memory()
    const refusals: (() => void)[] = []
    const stuck = await bridgeWith({
      ...of('unacked'),
      log: appendOnly((_, records) => {
        first.keep(records)
        return new Promise((_, reject) => refusals.push(() => reject(new LogUnavailable('closed', 'closed'))))
      }),
    })
    await publish('unacked', 0, 20)
    await first.reaches(() => first.records.length > 0)
    const closing = stuck.close()
    for (const refuse of refusals) refuse()
    await closing
    const second = memory()
    const bridge = await bridgeWith({ ...of('unacked'), log: appendOnly(async (_, records) => second.keep(records)) })
    await second.reaches(() => seqs(second.records).size === 20)
    await bridge.close()
    expect(second.records).toHaveLength(20)
  })

  it('loses nothing to a log that fails again and again, and holds no more than its bound', async () => {
    await subscribed('failing')
    const kept = memory()
    const sizes: number[] = []
    let appends = 0
    const bridge = await bridgeWith({
      ...of('failing'),
      inFlightMax: 5,
      log: appendOnly(async (_, records) => {
        sizes.push(bridge.stats().inFlight)
        if (++appends % 20 === 0) throw new LogUnavailable('disk-full', 'the disk is full')
        kept.keep(records)
      }),
    })
    await publish('failing', 0, 200)
    await kept.reaches(() => seqs(kept.records).size === 200)
    await bridge.close()
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5)
    expect(bridge.stats().logFailures).toBeGreaterThan(0)
  })

  it('loses nothing to kill -9', async () => {
    await subscribed('killed')
    const path = join(directory, 'killed.log')
    const settings = JSON.stringify({ ...of('killed'), inFlightMax: 50 })
    const script = `
      const { appendOnly, bridgeWith, fileLog } = await import(${JSON.stringify(fileURLToPath(new URL('bridge-to-file.ts', import.meta.url)))})
      const log = fileLog(${JSON.stringify(path)})
      await bridgeWith({ ...${settings}, log: appendOnly(async (topic, records) => { console.log('appending'); await log.append(topic, records) }) })
    `
    const published = publish('killed', 0, 3_000)
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      const gone = once(child, 'exit')
      let appends = 0
      for await (const _ of createInterface({ input: child.stdout })) if (++appends === 3 + round * 2) break
      child.kill('SIGKILL')
      expect(await gone).toEqual([null, 'SIGKILL'])
    }
    await published
    const before = linesOf(path).length
    expect(before).toBeGreaterThan(0)
    const last = memory()
    const log = fileLog(path)
    const bridge = await bridgeWith({
      ...of('killed'),
      log: appendOnly(async (topic, records) => {
        await log.append(topic, records)
        last.keep(records)
      }),
    })
    await last.reaches(() => new Set(linesOf(path)).size === 3_000)
    await bridge.close()
    expect(before).toBeLessThan(3_000)
  })

  it('stops, and says so, when the log throws what is no outage', async () => {
    await subscribed('broken')
    const bridge = await bridgeWith({ ...of('broken'), log: appendOnly(() => Promise.reject(new TypeError('a bug'))) })
    const failed = bridge.failed.then(
      () => 'closed',
      (error: Error) => error.message,
    )
    await publish('broken', 0, 1)
    expect(await failed).toBe('a bug')
    await bridge.close()
  })

  it('drops retained copies', async () => {
    await publisher.publishAsync('kept/general/monitor-1/telemetry', '{"vitals":{"hr":1}}', { qos: 1, retain: true })
    const dropped = Promise.withResolvers<string>()
    const bridge = await bridgeWith({
      ...of('kept'),
      subscription: 'kept/#',
      log: appendOnly(() => Promise.reject(new Error('nothing is to be appended'))),
      onDrop: (reason) => dropped.resolve(reason),
    })
    expect(await dropped.promise).toBe('retained')
    await bridge.close()
    expect(bridge.stats().retained).toBe(1)
  })
})

it('refuses a topic pattern that can never work', async () => {
  const log = appendOnly(() => Promise.resolve())
  await expect(bridgeWith({ url: 'mqtt://127.0.0.1:1', log, topicPattern: 'v1/+/+device' })).rejects.toThrow(RangeError)
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Edge, startEdge } from '../../broker/edge.ts'
import { edgeLimits } from '../../broker/limits.ts'
import type { TestIdentity } from '../../broker/test-certificates.ts'
import { connectFrame, frame, openRaw, publishFrame, type RawClient, subscribeFrame } from '../../broker/test-client.ts'
import { createTestWorld, site, testRecord, type TestWorld } from '../../broker/test-edge.ts'
import { systemClock } from '../../contracts/clock.ts'
import { envelopeKind, envelopeText } from '../../contracts/envelope.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { Session } from '../../contracts/observation.ts'
import { createDirectory } from '../../registry/fold.ts'
import { openMemoryLog } from '../../stream/memory-log.ts'
import { followCommands } from './follow-commands.ts'
import { followConnects } from './follow-connects.ts'

const devices = ['mover', 'leaver', 'racer', 'commanded', 'sleeper', 'late']
const [here, there] = ['127.0.5.1', '127.0.5.2']

describe('two edges on one log', () => {
  const log = openMemoryLog()
  const directory = createDirectory()
  const identities = new Map<string, TestIdentity>()
  const edges: { edge: Edge; commands: Awaited<ReturnType<typeof followCommands>>; close(): Promise<void> }[] = []
  let world: TestWorld

  const startOne = async (name: string) => {
    let ready = (_device: string): void => {}
    let heard = (_connect: Session): void => {}
    const connects = await followConnects({ log, logger: silentLogger, group: `connects-${name}`, heard: (connect) => heard(connect) })
    const edge = await startEdge({
      log,
      directory,
      tls: { keyPem: world.server.keyPem, certificatePem: world.server.certificatePem, caPem: world.authority.certificatePem },
      host: '127.0.0.1',
      port: 0,
      limits: edgeLimits.parse({ commandTimeoutMs: 500, lingerMsMax: 2 }),
      clock: systemClock,
      logger: silentLogger,
      newId: randomUUID,
      edge: name,
      writesClock: false,
      announces: true,
      onCommandsWanted: (device) => ready(device),
    })
    heard = edge.heardConnect
    const commands = await followCommands({ log, edge, clock: systemClock, logger: silentLogger, group: `commands-${name}` })
    ready = commands.deviceReady
    return {
      edge,
      commands,
      async close() {
        await commands.close()
        await connects.close()
        await edge.close()
      },
    }
  }

  beforeAll(async () => {
    world = await createTestWorld()
    for (const device of devices) {
      const identity = await world.authority.issue({ commonName: device, purpose: 'client' })
      identities.set(device, identity)
      directory.apply({ type: 'enrolled', at: 1, record: testRecord(device, [identity.fingerprint]) })
    }
    edges.push(await startOne('edge-a'), await startOne('edge-b'))
  })
  afterAll(async () => {
    await Promise.all(edges.map((one) => one.close()))
    await log.close()
  })

  const connect = async (device: string, at: 0 | 1, localAddress = here, fields = {}): Promise<RawClient> => {
    const client = await openRaw(edges[at]!.edge.port, identities.get(device)!, { localAddress } as object)
    client.send(connectFrame(device, fields))
    return client
  }
  const signIn = async (...call: Parameters<typeof connect>): Promise<RawClient> => {
    const client = await connect(...call)
    expect((await client.packet(0))[3]).toBe(0)
    return client
  }
  const values = async (topic: LogTopicName): Promise<Uint8Array[]> => {
    const all: Uint8Array[] = []
    for (const { partition, earliest, next } of await log.ranges([topic]))
      for await (const { records } of log.read(topic, partition, earliest, next))
        for (const { value } of records) all.push(Buffer.from(value))
    return all
  }
  /** What is told of a device, in the log's order. */
  const told = async (device: string): Promise<Session[]> =>
    (await values('observations.by-device.v1'))
      .filter((value) => value[0] === envelopeKind.observation)
      .map((value) => JSON.parse(envelopeText(value)) as Session)
      .filter((session) => session.device === device)
  const words = (sessions: readonly Session[]): string[] =>
    sessions.map(({ event, reason }) => (reason === null ? event : `${event} ${reason}`))
  const isOpen = (client: RawClient): Promise<boolean> =>
    Promise.race([client.closed.then(() => false), new Promise<boolean>((resolve) => setTimeout(resolve, 150, true))])
  const issue = async (device: string, id: string): Promise<void> => {
    const command = { id, device, site, payload: `{"do":"${id}"}`, issuedAt: 0, expiresAt: Date.now() + 60_000 }
    await log.append('commands.v1', [{ key: device, value: Buffer.from(JSON.stringify({ type: 'issued', command })) }])
  }
  const subscribe = async (client: RawClient, device: string, qos = 1): Promise<void> => {
    const answered = client.packets.length
    client.send(subscribeFrame(1, [`v1/${site}/${device}/command`, qos]))
    expect((await client.packet(answered))[0]).toBe(0x90)
  }
  const acknowledge = (client: RawClient, publish: Buffer): void => {
    const at = 2 + 2 + publish.readUInt16BE(2)
    client.send(frame(0x40, publish.subarray(at, at + 2)))
  }

  it('a second sign-in at the other edge ends the first, and is told as a takeover with both addresses', async () => {
    const first = await signIn('mover', 0, here)
    const second = await signIn('mover', 1, there)
    await first.closed
    expect(await isOpen(second)).toBe(true)
    await vi.waitFor(async () =>
      expect(words(await told('mover')).toSorted()).toEqual([
        'connect',
        'connect',
        'disconnect taken-over',
        `takeover previous-address ${here}`,
      ]),
    )
    const all = await told('mover')
    const takeover = all.find(({ event }) => event === 'takeover')!
    expect(takeover).toMatchObject({ address: there, fingerprint: identities.get('mover')!.fingerprint })
    expect(takeover.session).toBe(all.findLast(({ event }) => event === 'connect')!.session)
    second.send(publishFrame(`v1/${site}/mover/telemetry`, 'still here'))
    expect((await second.packet(1))[0]).toBe(0x40)
    second.socket.destroy()
  })

  it('a move (gone from one, then at the other) is a connect and a disconnect, whatever the order, and nothing more', async () => {
    for (let round = 0; round < 6; round++) {
      const client = await signIn('leaver', round % 2 === 0 ? 0 : 1)
      client.send(publishFrame(`v1/${site}/leaver/telemetry`, `reading ${round}`), frame(0xe0))
      await client.closed
    }
    await vi.waitFor(async () => expect((await told('leaver')).filter(({ event }) => event === 'disconnect').length).toBe(6))
    expect(new Set(words(await told('leaver')))).toEqual(new Set(['connect', 'disconnect client']))
    const payloads = (await values('observations.by-device.v1')).map((value) => Buffer.from(value).toString('latin1'))
    for (let round = 0; round < 6; round++) expect(payloads.filter((text) => text.endsWith(`reading ${round}`)).length).toBe(1)
  })

  it('of two that sign in at the same time exactly one stays, by the order in the log', { timeout: 30_000 }, async () => {
    for (let round = 0; round < 15; round++) {
      const both = await Promise.all([connect('racer', 0, here), connect('racer', 1, there)])
      // The announcements come by the log: both may be there for a moment.
      await Promise.race(both.map(({ closed }) => closed))
      const stay = await Promise.all(both.map(isOpen))
      expect(stay.filter(Boolean).length, `round ${round}`).toBe(1)
      const survivor = both[stay.indexOf(true)]!
      survivor.send(frame(0xe0))
      await survivor.closed
    }
  })

  it('a command reaches the device at whichever edge it is, once, and no edge keeps it', async () => {
    for (const at of [0, 1, 0] as const) {
      const client = await signIn('commanded', at)
      await subscribe(client, 'commanded')
      await issue('commanded', `to-${at}`)
      const publish = await client.packet(2)
      expect(publish.toString('latin1')).toContain(`"to-${at}"`)
      acknowledge(client, publish)
      await vi.waitFor(() => expect(edges.map(({ commands }) => commands.stats().waiting)).toEqual([0, 0]))
      client.send(frame(0xe0))
      await client.closed
    }
    const again = await signIn('commanded', 1)
    await subscribe(again, 'commanded')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(again.packets.length).toBe(2)
    again.socket.destroy()
  })

  it('a command that the device did not acknowledge at one edge comes again at the other one', async () => {
    const gone = await signIn('sleeper', 0, here, { keepAliveSeconds: 60 })
    await subscribe(gone, 'sleeper')
    await issue('sleeper', 'wake')
    // It has come, and is never acknowledged.
    await gone.packet(2)
    const back = await signIn('sleeper', 1, there)
    await gone.closed
    await subscribe(back, 'sleeper')
    const publish = await back.packet(2)
    expect(publish.toString('latin1')).toContain('"wake"')
    acknowledge(back, publish)
    await vi.waitFor(() => expect(edges.map(({ commands }) => commands.stats().waiting)).toEqual([0, 0]))
    back.socket.destroy()
  })

  it('an edge that starts later takes part: it takes over, and lets go', async () => {
    const first = await signIn('late', 0)
    edges.push(await startOne('edge-c'))
    const second = await openRaw(edges[2]!.edge.port, identities.get('late')!)
    second.send(connectFrame('late'))
    expect((await second.packet(0))[3]).toBe(0)
    await first.closed
    const third = await signIn('late', 1)
    await second.closed
    expect(await isOpen(third)).toBe(true)
    third.socket.destroy()
  })
})

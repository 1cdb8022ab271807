import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Edge, startEdge } from '../../broker/edge.ts'
import { edgeLimits } from '../../broker/limits.ts'
import { connectFrame, openRaw } from '../../broker/test-client.ts'
import { createTestWorld } from '../../broker/test-edge.ts'
import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createAuthority } from '../../registry/authority.ts'
import { type EnrolRequest, enrolDevice, type Registry, revokeDevice } from '../../registry/enrol.ts'
import { createDirectory } from '../../registry/fold.ts'
import { followRegistry, type RegistryFollower } from '../../registry/follow.ts'
import { verifyPassword } from '../../registry/passwords.ts'
import { createTestTopics, plaintext } from '../../stream/kafka/open-test-log.ts'
import { openLmdbLog } from '../../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../../stream/seal.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka } from '../../test/kafka/start-kafka.ts'

const offer = kafkaOffer()

interface Logs {
  /** Where devices are enrolled, and the edge's. */
  readonly desk: EventLog
  readonly edge: EventLog
  close(): Promise<void>
}

const openEmbedded = async (): Promise<Logs> => {
  const directory = mkdtempSync(join(tmpdir(), 'ww-newcomer-'))
  const log = await openLmdbLog({ directory, sealer: createSealer(Buffer.alloc(32, 1), 'log'), clock: systemClock })
  return {
    desk: log,
    edge: log,
    async close() {
      await log.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const openOnKafka = async (): Promise<Logs> => {
  if (offer.kind === 'nothing') throw new Error('there is no Kafka')
  const kafka = offer.kind === 'given' ? null : await startKafka(offer)
  const topics = await createTestTopics(plaintext(offer.kind === 'given' ? offer.brokers : kafka!.brokers), [
    'registry.v1',
    'observations.by-device.v1',
    'observations.by-source.v1',
  ])
  const [desk, edge] = [topics.open(), topics.open()]
  return {
    desk,
    edge,
    async close() {
      await Promise.all([desk.close(), edge.close()])
      await topics.remove()
      await kafka?.stop()
    },
  }
}

/** A log whose reader is late: while held it hands nothing out, until somebody asks how far the log goes. */
const readLate = (log: EventLog) => {
  let held: PromiseWithResolvers<void> | null = null
  return {
    hold(): void {
      held ??= Promise.withResolvers()
    },
    log: {
      ...log,
      consume: (options) =>
        log.consume({
          ...options,
          async onBatch(batch) {
            await held?.promise
            await options.onBatch(batch)
          },
        }),
      ranges(topics) {
        held?.resolve()
        held = null
        return log.ranges(topics)
      },
    } satisfies EventLog,
  }
}

const kinds = [
  { kind: 'the embedded log', open: openEmbedded, skipped: false },
  { kind: `Kafka${lackingKafka(offer)}`, open: openOnKafka, skipped: offer.kind === 'nothing' },
]

for (const { kind, open, skipped } of kinds)
  describe.skipIf(skipped)(`a device with a password at an edge that has not read of it, on ${kind}`, () => {
    let logs: Logs
    let late: ReturnType<typeof readLate>
    let registry: Registry
    let followed: RegistryFollower
    let edge: Edge

    beforeAll(async () => {
      const world = await createTestWorld()
      logs = await open()
      late = readLate(logs.edge)
      const authority = await createAuthority({ siteName: 'general', clock: systemClock })
      registry = { log: logs.desk, directory: createDirectory(), authority, clock: systemClock }
      const directory = createDirectory()
      followed = await followRegistry({ log: late.log, directory, group: `registry-${randomUUID()}`, logger: silentLogger })
      await followed.caughtUp
      edge = await startEdge({
        log: logs.edge,
        directory,
        tls: { keyPem: world.server.keyPem, certificatePem: world.server.certificatePem, caPem: world.authority.certificatePem },
        host: '127.0.0.1',
        port: 0,
        limits: edgeLimits.parse({ registryWaitMsMax: 30_000, connectTimeoutMs: 60_000, passwordDelayMs: 5 }),
        clock: systemClock,
        logger: silentLogger,
        newId: randomUUID,
        edge: 'edge-b',
        writesClock: false,
        registryReached: followed.reached,
        verifyPassword: (hash, password) => verifyPassword(hash, password.toString('utf8')),
      })
    }, 120_000)
    afterAll(async () => {
      // Nothing is held back from who closes.
      await late?.log.ranges([])
      await edge?.close()
      await followed?.close()
      await logs?.close()
    })

    const enrol = async (password: string, over: Partial<EnrolRequest> = {}): Promise<void> => {
      late.hold()
      const request = { device: 'scale-1', site: 'general', ward: 'icu', model: 'scale', password, ...over }
      expect(await enrolDevice(registry, request)).toMatchObject({ ok: true })
    }
    const signIn = async (password: string): Promise<number> => {
      const client = await openRaw(edge.port, null)
      client.send(connectFrame('scale-1', { userName: 'scale-1', password }))
      const code = (await client.packet(0))[3]!
      client.socket.destroy()
      return code
    }

    it('the first of all, and after each renewal, it is let in with what it was given, and not with what it had', async () => {
      await enrol('the first password')
      expect(await signIn('the first password')).toBe(0)
      await enrol('the second password', { again: 'renew' })
      expect(await signIn('the second password')).toBe(0)
      expect(await signIn('the first password')).toBe(4)
      await enrol('the third password', { again: 'renew' })
      expect(await signIn('not its password')).toBe(4)
      expect(await signIn('the third password')).toBe(0)
      late.hold()
      expect(await revokeDevice(registry, { device: 'scale-1', reason: 'lost' })).toMatchObject({ ok: true })
      await enrol('the fourth password', { reinstate: true })
      expect(await signIn('the fourth password')).toBe(0)
      expect(edge.stats().refusals).toEqual({ 'bad-credentials': 2 })
    })
  })

import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { systemClock } from '../contracts/clock.ts'
import { silentLogger } from '../contracts/logger.ts'
import { startEdge } from './edge.ts'
import { edgeLimits } from './limits.ts'
import { connectFrame, openRaw } from './test-client.ts'
import { createTestWorld, testRecord } from './test-edge.ts'
import { createSteerableLog } from './test-log.ts'

it('a device that is revoked between the verdict and its session does not stay', async () => {
  const world = await createTestWorld()
  const identity = await world.authority.issue({ commonName: 'pump', purpose: 'client' })
  const enrolled = testRecord('pump', [identity.fingerprint])
  let looks = 0
  const directory = {
    // The verdict's look finds it enrolled, any later one revoked; its change came when there was no session to end.
    device: () => (looks++ === 0 ? enrolled : testRecord('pump', [identity.fingerprint], { status: 'revoked' })),
    byFingerprint: () => enrolled,
    passwordDevices: 0,
    onChange: () => () => {},
  }
  const told: string[] = []
  const edge = await startEdge({
    log: createSteerableLog(({ observation }) => {
      if (observation !== null && observation !== undefined) told.push(`${observation.event} ${observation.reason}`)
    }),
    directory,
    tls: { keyPem: world.server.keyPem, certificatePem: world.server.certificatePem, caPem: world.authority.certificatePem },
    host: '127.0.0.1',
    port: 0,
    limits: edgeLimits.parse({}),
    clock: systemClock,
    logger: silentLogger,
    newId: randomUUID,
    edge: 'edge-0',
    writesClock: false,
  })
  const client = await openRaw(edge.port, identity)
  client.send(connectFrame('pump'))
  await client.closed
  expect(client.packets).toEqual([])
  expect(edge.stats()).toMatchObject({ signedIn: 0 })
  await expect.poll(() => told).toContain('disconnect revoked')
  await edge.close()
})

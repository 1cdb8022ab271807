import { existsSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../contracts/clock.ts'
import { LogUnavailable } from '../../contracts/event-log.ts'
import { type Leadership, LeadRefused } from '../../contracts/leadership.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createAuthority } from '../../registry/authority.ts'
import { openedStore, temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { openMemoryLog } from '../../stream/memory-log.ts'
import { clockSettings } from '../../triage/clocks/settings.ts'
import { controlSocketPath } from '../control/socket-path.ts'
import { RoleRefused } from './channel.ts'
import { startDeskRole } from './compose-desk.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A desk whose campaign rejects, on a log whose leadership closes as it is told. */
const startWithoutLead = async (why: Error, closing: Promise<void>) => {
  const home = temporaryDirectory()
  ends.push(home.remove)
  const store = await openedStore(`${home.path}/store`)
  ends.push(() => store.close())
  const memory = openMemoryLog()
  const authority = await createAuthority({ siteName: 'general', clock: systemClock })
  const leadership: Leadership = {
    log: memory,
    leads: false,
    leader: () => null,
    campaign: () => Promise.reject(why),
    sure: () => new Promise(() => {}),
    failed: new Promise(() => {}),
    stats: () => ({ leads: 0 }),
    close: () => closing,
  }
  const log = { ...memory, openLeadership: () => leadership }
  const started = startDeskRole({
    log,
    store,
    logger: silentLogger,
    name: 'desk',
    options: {
      log: { data: home.path, logKeys: [''], kafka: null, retention: null },
      store: { kind: 'embedded', data: home.path, key: null, retention: {} },
      site: 'general',
      machine: null,
      mqttPort: 0,
      authorityKeyPem: authority.privateKeyPem,
      caPem: authority.certificatePem,
      desk: {
        host: '127.0.0.1',
        port: 0,
        names: ['localhost'],
        publicOrigins: [],
        tls: null,
        sessionMs: 1_000,
        idleMs: 1_000,
        linkMs: 1_000,
        clocks: clockSettings.parse(undefined),
      },
      paging: { timeZone: 'UTC', stormAlertsMax: 20, stormWindowMs: 60_000 },
    },
    behindMs: () => null,
    sink: null,
  })
  const outcome: unknown = await started.then(
    () => null,
    (error: unknown) => error,
  )
  return { outcome, socket: controlSocketPath(home.path) }
}

it('while Kafka is away it may be started again, and says so, though what it stood with does not close', async () => {
  const { outcome, socket } = await startWithoutLead(new LogUnavailable('broker-away', 'nobody answers'), new Promise(() => {}))
  expect(outcome).toMatchObject({
    name: 'LogUnavailable',
    reason: 'broker-away',
    message: "this desk can't stand for the lead yet: nobody answers",
  })
  expect(existsSync(socket)).toBe(false)
})

it('with another CA it is refused, once all that it had opened is closed', async () => {
  let closed = false
  const closing = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => void (closed = true))
  const { outcome, socket } = await startWithoutLead(new LeadRefused('the desk that led last has another CA'), closing)
  expect(outcome).toBeInstanceOf(RoleRefused)
  expect([closed, existsSync(socket)]).toEqual([true, false])
})

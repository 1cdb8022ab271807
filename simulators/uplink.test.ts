import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../contracts/logger.ts'
import { type Credentials, openConnection, secureContextOf } from './mqtt-connection.ts'
import { randomFor } from './prng.ts'
import { systemScheduler } from './scheduler.ts'
import { type TestBroker, type TestBrokerOptions, startTestBroker } from './test-broker.ts'
import { type Uplink, type UplinkOptions, createUplink } from './uplink.ts'

const open: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop()
})

const broker = async (options: TestBrokerOptions = {}): Promise<TestBroker> => {
  const started = await startTestBroker(options)
  open.push(started)
  return started
}

const connectTo = (port: number, credentials: Credentials = {}): UplinkOptions['connect'] => ({
  host: '127.0.0.1',
  port,
  credentials,
  secureContext: secureContextOf(credentials),
  keepAliveSeconds: 30,
  connectTimeoutMs: 5_000,
})

const uplinkTo = (port: number, change: Partial<UplinkOptions> = {}): Uplink => {
  const uplink = createUplink({
    device: 'mon-0001',
    site: 'st-anna',
    connect: connectTo(port),
    scheduler: systemScheduler,
    random: randomFor(1, 'uplink'),
    logger: silentLogger,
    backoffMs: { first: 20, max: 200 },
    backlogPerSecondMax: Number.POSITIVE_INFINITY,
    ...change,
  })
  open.push(uplink)
  return uplink
}

const numbers = (from: TestBroker): number[] => from.received.map(({ payload }) => Number(payload.toString()))
const unique = (list: readonly number[]): number[] => [...new Set(list)].sort((a, b) => a - b)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe('store and forward', () => {
  it('everything sent ends acknowledged exactly once, through kills of the broker at any point', async () => {
    let port = 0
    let current = await startTestBroker()
    port = current.port
    const acknowledged: number[] = []
    const received: number[] = []
    const uplink = uplinkTo(port, { inFlightMax: 8, onAcknowledged: ({ payload }) => acknowledged.push(Number(payload.toString())) })
    uplink.start()
    const total = 400
    for (const n of upTo(total)) {
      uplink.send('telemetry', Buffer.from(String(n)))
      if (n % 80 === 79) {
        // Killed while the window is full of what it has heard and not yet acknowledged.
        const heard = current.received.length
        await current.until(() => current.received.length > heard + 20 || current.received.length + received.length >= n)
        await current.stop()
        received.push(...numbers(current))
        current = await startTestBroker({ port })
      }
    }
    open.push(current)
    await uplink.drained()
    received.push(...numbers(current))
    expect(acknowledged.sort((a, b) => a - b)).toEqual(upTo(total))
    expect(unique(received)).toEqual(upTo(total))
    const stats = uplink.stats()
    expect(stats).toMatchObject({ published: total, acknowledged: total, dropped: 0, queued: 0, inFlight: 0 })
    expect(stats.connects).toBeGreaterThan(3)
  })

  it('what was sent and not acknowledged comes again marked DUP, and what was not sent does not', async () => {
    const first = await startTestBroker({ acknowledge: () => false })
    const uplink = uplinkTo(first.port, { inFlightMax: 4 })
    uplink.start()
    for (const n of upTo(8)) uplink.send('telemetry', Buffer.from(String(n)))
    await first.until(() => first.received.length === 4)
    await first.stop()
    const second = await broker({ port: first.port })
    await uplink.drained()
    expect(second.received.map(({ payload, dup }) => [Number(payload.toString()), dup])).toEqual([
      [0, true],
      [1, true],
      [2, true],
      [3, true],
      [4, false],
      [5, false],
      [6, false],
      [7, false],
    ])
  })

  it('no more is on its way than the window', async () => {
    const deaf = await broker({ acknowledge: () => false })
    const uplink = uplinkTo(deaf.port, { inFlightMax: 5 })
    uplink.start()
    for (const n of upTo(50)) uplink.send('telemetry', Buffer.from(String(n)))
    await deaf.until(() => deaf.received.length >= 5)
    expect(uplink.stats()).toMatchObject({ inFlight: 5, queued: 45 })
    expect(deaf.received.length).toBe(5)
  })

  it('the queue is bounded: the oldest goes, and is counted', async () => {
    const uplink = uplinkTo(1, { queueMessagesMax: 10 })
    const fits = upTo(25).map((n) => uplink.send('telemetry', Buffer.from(String(n))))
    expect(fits.filter((fit) => !fit).length).toBe(15)
    expect(uplink.stats()).toMatchObject({ queued: 10, dropped: 15, connected: false })
  })

  it('a backlog goes at its pace, and what is live waits behind it', async () => {
    const listening = await broker()
    const uplink = uplinkTo(listening.port, { backlogPerSecondMax: 50 })
    for (const n of upTo(20)) uplink.send('telemetry', Buffer.from(String(n)), true)
    const startedMs = Date.now()
    uplink.start()
    await uplink.connected()
    uplink.send('telemetry', Buffer.from('20'))
    await uplink.drained()
    expect(numbers(listening)).toEqual(upTo(21))
    // A lower bound of the pace, not a promise of speed: 19 gaps of 20 ms.
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(350)
  })

  it('a will is left behind when it is cut off, none when it says goodbye', async () => {
    const listening = await broker()
    const uplink = uplinkTo(listening.port)
    uplink.start()
    await uplink.connected()
    uplink.sever()
    await listening.until(() => listening.wills.length === 1)
    expect(listening.wills).toEqual(['v1/st-anna/mon-0001/status'])
    uplink.start()
    await uplink.connected()
    await uplink.stop()
    const probe = uplinkTo(listening.port, { device: 'mon-0002' })
    probe.start()
    probe.send('telemetry', Buffer.from('after'))
    await probe.drained()
    expect(listening.wills.length).toBe(1)
  })

  it('stops in time though the broker never answers', async () => {
    const deaf = await broker({ acknowledge: () => false })
    const uplink = uplinkTo(deaf.port)
    uplink.start()
    uplink.send('telemetry', Buffer.from('0'))
    await deaf.until(() => deaf.received.length === 1)
    await uplink.stop(50)
    await deaf.until(() => true)
    expect(uplink.stats().connected).toBe(false)
  })
})

describe('signing in', () => {
  it('a refusal is a value with its return code', async () => {
    const strict = await broker({ authenticate: (_client, userName, password) => userName === 'mon-0001' && password === 'right' })
    const attempt = (password: string): ReturnType<typeof openConnection> =>
      openConnection({ ...connectTo(strict.port, { userName: 'mon-0001', password }), clientId: 'mon-0001' })
    expect(await attempt('wrong')).toMatchObject({ ok: false, returnCode: 5 })
    const right = await attempt('right')
    expect(right.ok).toBe(true)
    if (right.ok) await right.connection.end()
  })

  it('nobody there is a value too', async () => {
    const outcome = await openConnection({ ...connectTo(1), clientId: 'mon-0001' })
    expect(outcome).toMatchObject({ ok: false, returnCode: null })
  })

  it('a source address can be chosen', async () => {
    if (process.platform !== 'linux') return
    const listening = await broker()
    const outcome = await openConnection({ ...connectTo(listening.port), clientId: 'mon-0001', localAddress: '127.6.6.9' })
    expect(listening.connects[0]?.address).toBe('127.6.6.9')
    if (outcome.ok) await outcome.connection.end()
  })
})

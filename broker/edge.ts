import type { Clock } from '../contracts/clock.ts'
import type { Command } from '../contracts/command.ts'
import type { EventLog } from '../contracts/event-log.ts'
import { isIdentifier } from '../contracts/identifiers.ts'
import type { Logger } from '../contracts/logger.ts'
import type { RefusalReason, Session as SessionObservation } from '../contracts/observation.ts'
import type { DeviceDirectory } from '../contracts/registry.ts'
import { createAdmission } from './admission.ts'
import type { AddressList } from './address-list.ts'
import { startBroker } from './aedes-broker.ts'
import { startClockWriter } from './clock-writer.ts'
import { createCommands, type Delivery } from './commands.ts'
import { type Connections, createConnections } from './connections.ts'
import { createCounters, type EdgeStats } from './counters.ts'
import { createEdgeTime } from './edge-time.ts'
import { createFlow } from './flow.ts'
import { createHalfOpen } from './half-open.ts'
import { createGate, type Gate } from './gate.ts'
import type { EdgeLimits } from './limits.ts'
import { type Listener, startListener, startPlainListener, type TlsMaterial } from './listener.ts'
import { createObserver, type Occurrence, type Subject } from './observer.ts'
import { createOutbox } from './outbox.ts'
import { createPasswordGate, type VerifyPassword } from './password-gate.ts'
import { judgePeer, readAuthorities } from './peer.ts'
import { createRegistryWait } from './registry-wait.ts'
import { createRoster } from './roster.ts'
import type { Peer, Session } from './session.ts'
import { createUplink } from './uplink.ts'

export interface EdgeOptions {
  readonly log: EventLog
  readonly directory: DeviceDirectory
  readonly tls: TlsMaterial
  readonly host: string
  /** 0: any free one; `Edge.port` tells. */
  readonly port: number
  readonly limits: EdgeLimits
  readonly clock: Clock
  readonly logger: Logger
  /** A fresh id for each connection: at most 64 bytes. */
  readonly newId: () => string
  /** The name of this edge: the key of its clock records. */
  readonly edge: string
  /** One edge of a log writes clock records. */
  readonly writesClock: boolean
  /** Without it no device can sign in by password. */
  readonly verifyPassword?: VerifyPassword
  /** Resolves when all that stands in the registry's log is in `directory`; without it `directory` is taken for current. */
  readonly registryReached?: () => Promise<void>
  /** A second listener on the same host without TLS, where only passwords sign in. For benches and tests; never by default. */
  readonly plainPort?: number
  /** Tells that a device has subscribed to its commands here: what waits for it may go out. */
  readonly onCommandsWanted?: (device: string) => void
  /** There are other edges on this log: each sign-in is announced in `connects.v1`, which whoever runs the edge brings back by `heardConnect`. */
  readonly announces?: boolean
  /** Several edge processes on one port: the kernel spreads the connections. */
  readonly reusePort?: boolean
  /** Load balancers before it, which tell where a connection comes from by the PROXY protocol (version 2). */
  readonly proxyFrom?: AddressList
}

export interface Edge {
  readonly port: number
  readonly plainPort: number | null
  stats(): EdgeStats
  /** Sends a command to a device that is connected here; never rejects. */
  deliver(command: Command): Promise<Delivery>
  /** A record of `connects.v1`, this edge's own too, in the log's order and from before the edge was started. */
  heardConnect(connect: SessionObservation): void
  /** Stops accepting, makes durable and acknowledges what it has, disconnects all. Resolves within 3 s, whatever the log does. Idempotent. */
  close(): Promise<void>
}

const sweepMs = 200
const sweepsPerKeepAlive = 5
const drainMs = 1_200
const brokerCloseMs = 400

/**
 * Starts an edge: the gate in front of aedes. A QoS 1 PUBLISH of a device is acknowledged only when the log has it on disk.
 * Rejects when the port can't be had or the TLS material can't be read.
 */
export const startEdge = async (options: EdgeOptions): Promise<Edge> => {
  const { limits, clock, logger, log, directory } = options
  const authorities = readAuthorities(options.tls.caPem)
  const time = createEdgeTime(clock, logger)
  const now = time.elapsedMs

  const counters = createCounters()
  const counted = ({ event, reason }: Occurrence): void => {
    counters.observations[event] = (counters.observations[event] ?? 0) + 1
    if (event === 'refused') counters.refusals[reason!] = (counters.refusals[reason!] ?? 0) + 1
    if (event === 'throttled') counters.throttled++
  }

  const broker = await startBroker({
    logger,
    sessionOf: (client) => connections.of(client),
    ready: (client) => connections.ready(client),
    observe: (session, occurrence) => connections.observe(session, occurrence),
    denied: () => counters.denied++,
    commandsWanted: (device) => options.onCommandsWanted?.(device),
  })

  const outbox = createOutbox<Session>({
    log,
    clock: { now },
    logger,
    limits,
    durable: (session, nowMs) => uplink.acknowledge(session, nowMs),
    settled: () => {
      if (outbox.bytes <= limits.inFlightBytesMax / 2) flow.releaseEdge()
    },
  })
  const observer = createObserver(outbox, time, counted)
  const roster = createRoster(limits, now)
  const flow = createFlow(limits, now, (session) => gate.proceed(session))
  const registryWait =
    options.registryReached === undefined
      ? null
      : createRegistryWait(options.registryReached, limits.registryWaitMsMax, limits.registryLookPauseMs)
  let registryChanges = 0
  const halfOpen = createHalfOpen(limits.handshakesHalfOpenMax)
  const connections: Connections = createConnections({
    limits,
    counters,
    outbox,
    observer,
    flow,
    roster,
    directory,
    passwords:
      options.verifyPassword === undefined
        ? null
        : createPasswordGate(options.verifyPassword, { now }, limits, { changes: () => registryChanges, wait: registryWait }),
    registryWait,
    broker,
    announces: options.announces ?? false,
    now,
    stampMs: time.stampMs,
    halfOpen,
    newId: options.newId,
    data: (session, chunk) => gate.data(session, chunk),
    written: (session, packets) => commands.written(session, packets),
  })
  const fail: Connections['fail'] = (session, occurrence) => connections.fail(session, occurrence)
  const observe: Connections['observe'] = (session, occurrence) => connections.observe(session, occurrence)
  const send: Connections['send'] = (session, packets) => connections.send(session, packets)
  const uplink = createUplink({ limits, counters, outbox, flow, latestMs: time.latestMs, observe, send, fail })
  const commands = createCommands(broker, roster, clock, limits, () => counters.commandsDelivered++)
  const gate: Gate = createGate({
    limits,
    flow,
    uplink,
    now,
    fail,
    observe,
    send,
    signIn: (session, body) => connections.signIn(session, body),
    leave: (session) => connections.end(session, 'client'),
    commandAcknowledged: (session, packetId) => commands.acknowledged(session, packetId),
  })

  /** A refusal before there is a session: of an address, or of a certificate. */
  const refuse = (peer: Peer | { readonly address: string }, reason: RefusalReason, provenDevice: string | null): void => {
    const { fingerprint, commonName, tlsVersion, cipher } = { fingerprint: null, commonName: null, tlsVersion: null, cipher: null, ...peer }
    const device = commonName !== null && isIdentifier(commonName) ? commonName : null
    const record = provenDevice === null ? undefined : directory.device(provenDevice)
    const subject: Subject = {
      device,
      site: record?.site ?? null,
      model: record?.model ?? null,
      session: options.newId(),
      address: peer.address,
      clientId: null,
      userName: null,
      fingerprint,
      tlsVersion,
      cipher,
    }
    // Without a finished handshake a refusal costs its sender next to nothing: those are merged.
    const merge = 'tlsVersion' in peer ? {} : { merge: 'count' as const }
    observer.report(subject, provenDevice, { event: 'refused', reason, ...merge })
  }

  const admission = createAdmission(limits, now)
  const held = (): number => counters.connections - connections.unproven
  const admit = (address: string): RefusalReason | null => admission(address, held())
  const refused = (address: string, reason: RefusalReason): void => refuse({ address }, reason, null)
  const stopWatching = directory.onChange((record) => {
    registryChanges++
    connections.recheck(record)
  })
  let listener: Listener | null = null
  let plain: Listener | null = null
  try {
    listener = await startListener({
      ...options,
      reusePort: options.reusePort ?? false,
      now,
      admit,
      halfOpen,
      refused,
      judge(socket, address) {
        const withoutCertificate = directory.passwordDevices > 0 ? 'allowed' : 'refused'
        const verdict = judgePeer(socket, address, authorities, clock.now(), withoutCertificate)
        if (verdict.refusal !== 'no-certificate' || registryWait === null) return verdict
        // The first device with a password may have been enrolled a moment ago.
        return registryWait().then((reached) => {
          if (directory.passwordDevices > 0) return { ...verdict, refusal: null }
          return reached ? verdict : { ...verdict, refusal: 'registry-behind' }
        })
      },
      secured(socket, { peer, refusal: judged, ours }) {
        // Many may have been under way when there was room for one.
        const refusal = judged ?? (peer.proven && held() >= limits.connectionsMax ? 'connections-max' : null)
        if (refusal === null) {
          connections.open(socket, peer)
          return
        }
        socket.on('error', () => {})
        socket.destroy()
        refuse(peer, refusal, ours && peer.commonName !== null && isIdentifier(peer.commonName) ? peer.commonName : null)
      },
    })
    if (options.plainPort !== undefined)
      plain = await startPlainListener({
        host: options.host,
        port: options.plainPort,
        admit,
        refused,
        opened: (socket) =>
          void connections.open(socket, {
            address: socket.remoteAddress ?? 'unknown',
            tlsVersion: null,
            cipher: null,
            fingerprint: null,
            commonName: null,
            proven: false,
          }),
      })
  } catch (error) {
    listener?.close()
    stopWatching()
    broker.close()
    throw error
  }

  const clockWriter = options.writesClock ? startClockWriter(options.edge, outbox, time.stampMs) : null
  let sweeps = 0
  const sweeper = setInterval(() => {
    const nowMs = now()
    connections.sweep(nowMs, ++sweeps % sweepsPerKeepAlive === 0)
    observer.sweep(nowMs)
  }, sweepMs)

  const shutDown = async (): Promise<void> => {
    listener.close()
    plain?.close()
    clockWriter?.stop()
    stopWatching()
    clearInterval(sweeper)
    // What has arrived becomes durable and is acknowledged; nothing new is read meanwhile.
    for (const session of connections.all()) session.socket.pause()
    await outbox.drain(drainMs)
    for (const session of connections.all()) connections.end(session, 'shutdown')
    observer.sweep(Number.MAX_SAFE_INTEGER)
    if (!(await outbox.drain(drainMs)))
      logger.warn({ messages: outbox.messages }, 'closed with messages that the log did not take: not acknowledged')
    outbox.stop()
    flow.stop()
    for (const session of connections.all()) session.socket.destroy()
    await Promise.race([
      new Promise<void>((resolve) => {
        broker.close(resolve)
      }),
      new Promise((resolve) => setTimeout(resolve, brokerCloseMs)),
    ])
  }
  let closing: Promise<void> | null = null

  return {
    port: listener.port,
    plainPort: plain?.port ?? null,
    stats: () => ({
      connections: counters.connections,
      signedIn: counters.signedIn,
      handshakes: listener.handshakes,
      connects: counters.connects,
      refusals: { ...counters.refusals },
      observations: { ...counters.observations },
      observationsDropped: observer.dropped,
      publishes: counters.publishes,
      publishBytes: counters.publishBytes,
      acknowledged: counters.acknowledged,
      inFlight: outbox.messages,
      inFlightBytes: outbox.bytes,
      throttled: counters.throttled,
      denied: counters.denied,
      flushes: outbox.flushes,
      logErrors: outbox.logErrors,
      logUnavailable: outbox.unavailable,
      commandsDelivered: counters.commandsDelivered,
      ackLatency: counters.ackLatency.snapshot(),
      residentBytes: process.memoryUsage.rss(),
    }),
    deliver: (command) => commands.deliver(command),
    heardConnect: (connect) => connections.heardConnect(connect),
    close: () => (closing ??= shutDown()),
  }
}

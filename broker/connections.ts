import type { Socket } from 'node:net'
import type { Aedes, Client } from 'aedes'
import { encodeMessageHead, stampMessageHead } from '../contracts/envelope.ts'
import { isIdentifier } from '../contracts/identifiers.ts'
import { logTopics } from '../contracts/log-topics.ts'
import { commandTopic, type UplinkLeaf, uplinkTopic } from '../contracts/mqtt-topics.ts'
import type { RefusalReason, Session as SessionObservation } from '../contracts/observation.ts'
import { partitionOf } from '../contracts/partitioner.ts'
import type { DeviceDirectory, DeviceRecord } from '../contracts/registry.ts'
import { type ConnectPacket, parseConnect, plainConnect } from './connect-packet.ts'
import type { Counters } from './counters.ts'
import { readDirectly } from './direct-socket.ts'
import { openDownlinkPipe } from './downlink.ts'
import type { Flow } from './flow.ts'
import type { HalfOpen } from './half-open.ts'
import type { EdgeLimits } from './limits.ts'
import { shownText } from './mqtt-text.ts'
import type { Observer, Occurrence, Subject } from './observer.ts'
import type { Outbox } from './outbox.ts'
import type { PasswordGate } from './password-gate.ts'
import type { RegistryWait } from './registry-wait.ts'
import type { Roster } from './roster.ts'
import { blockedBy, createSession, type OwnLeaf, type Peer, type Session } from './session.ts'
import { connack, decideSignIn, type SignIn } from './sign-in.ts'

/**
 * The life of a connection, from the judged handshake to its end. Words of a `disconnect` observation's `reason`:
 * `client` (it said DISCONNECT), `lost`, `keep-alive`, `malformed`, `oversize`, `throttled`, `taken-over`, `revoked`, `broker`, `shutdown`.
 * A `takeover` is told of the new connection; its reason is `previous-address <address>`.
 */
export interface Connections {
  /** A connection that may say CONNECT. `ours`: its certificate was signed by our authority. */
  open(socket: Socket, peer: Peer): Session
  signIn(session: Session, body: Buffer): void
  /** Writes whole packets to the device; ends the session when too many bytes wait for a device that does not read. False then. */
  send(session: Session, packets: Buffer): boolean
  /** Tells what happened and ends the session. */
  fail(session: Session, occurrence: Occurrence): void
  end(session: Session, reason: string): void
  observe(session: Session, occurrence: Occurrence): void
  /** aedes has sent CONNACK: the device may publish. */
  ready(client: Client): void
  of(client: Client): Session | undefined
  /** How many have not proved who they are. */
  readonly unproven: number
  /** Ends what has been silent or undecided for too long. */
  sweep(nowMs: number, keepAlives: boolean): void
  /**
   * An announcement has come from the log: this edge's own, or that a device has signed in at another edge; whoever held it here lets go of it.
   * The log's order decides, not the edges' clocks, so of two exactly one stays.
   */
  heardConnect(connect: SessionObservation): void
  /** Ends the session of a device whose record no longer allows it. */
  recheck(record: DeviceRecord): void
  all(): Iterable<Session>
}

/** How long a connection that was told why it ends may take to close. */
const closingMs = 1_000

export const createConnections = (edge: {
  limits: EdgeLimits
  counters: Counters
  outbox: Outbox<Session>
  observer: Observer
  flow: Flow
  roster: Roster
  directory: DeviceDirectory
  passwords: PasswordGate | null
  registryWait: RegistryWait | null
  broker: Aedes
  /** Whether there are other edges on this log. */
  announces: boolean
  /** For deadlines. */
  now: () => number
  stampMs: () => number
  halfOpen: HalfOpen
  newId: () => string
  data: (session: Session, chunk: Buffer) => void
  written: (session: Session, packets: Buffer) => void
}): Connections => {
  const { limits, counters, outbox, observer, flow, roster, directory, broker, now } = edge
  const sessions = new Set<Session>()
  /** Those that have not proved who they are, by certificate or password: how each leaves the half-open. */
  const unproven = new Map<Session, () => void>()
  const undecided = new Set<Session>()
  const byClient = new WeakMap<Client, Session>()
  const byDevice = 'observations.by-device.v1'

  const claimOf = ({ peer, connect }: Session): string | null => {
    const claim = peer.commonName ?? connect?.userName ?? connect?.clientId ?? null
    return claim === null || claim === '' ? null : shownText(claim, 64)
  }
  const subjectOf = (session: Session): Subject => {
    const { peer, connect, record } = session
    return {
      device: record?.device ?? claimOf(session),
      site: record?.site ?? null,
      model: record?.model ?? null,
      session: session.id,
      address: peer.address,
      clientId: connect === null ? null : shownText(connect.clientId, 128),
      userName: connect === null || connect.userName === null ? null : shownText(connect.userName, 128),
      fingerprint: peer.fingerprint,
      tlsVersion: peer.tlsVersion,
      cipher: peer.cipher,
    }
  }
  /** Who an observation is recorded under besides its address: an identity that is proven, or an enrolled device that is claimed. */
  const deviceOf = ({ peer, connect, record }: Session): string | null => {
    if (record !== null) return record.device
    if (peer.proven) return peer.commonName !== null && isIdentifier(peer.commonName) ? peer.commonName : null
    const userName = connect?.userName ?? null
    return userName !== null && directory.device(userName) !== undefined ? userName : null
  }
  const observe = (session: Session, occurrence: Occurrence): void => observer.report(subjectOf(session), deviceOf(session), occurrence)

  const leafOf = (record: DeviceRecord, session: string, leaf: UplinkLeaf): OwnLeaf => ({
    topic: Buffer.from(uplinkTopic(record.site, record.device, leaf)),
    head: encodeMessageHead({ leaf, site: record.site, device: record.device, model: record.model, session }),
    key: Buffer.from(record.device),
    partition: partitionOf(record.device, logTopics[byDevice].partitions),
  })

  const publishWill = (session: Session): void => {
    const will = session.connect!.will!
    const { head, partition } = session.status!
    stampMessageHead(head, edge.stampMs(), false)
    outbox.record(byDevice, { key: session.record!.device, value: Buffer.concat([head, will.payload]), partition })
    observe(session, { event: 'will', topic: will.topic, amount: will.payload.length })
  }

  const proved = (session: Session): void => {
    unproven.get(session)?.()
    unproven.delete(session)
  }

  /** Lets go of everything but the socket. */
  const detach = (session: Session, reason: string): void => {
    undecided.delete(session)
    proved(session)
    flow.forget(session)
    const { device, broker: client } = session
    session.commandAcknowledged?.('disconnected')
    session.downlink = null
    session.broker = null
    if (client !== null) {
      const closed = new Promise<void>((resolve) => client.close(() => resolve()))
      if (device !== null) device.brokerClosed = closed
    }
    if (device === null || device.session !== session) return
    device.session = null
    if (session.connect!.clean) device.qos2 = null
    counters.signedIn--
    // At shutdown the edge leaves, not the device: its will would say something untrue.
    if (reason !== 'client' && reason !== 'shutdown' && session.connect!.will !== null) publishWill(session)
    observe(session, { event: 'disconnect', reason })
  }

  /** Ends a session; `last` is written before the socket is closed. */
  const end = (session: Session, reason: string, last?: Buffer): void => {
    if (session.phase === 'closing' || session.phase === 'closed') return
    session.phase = 'closing'
    session.held = []
    session.heldBytes = 0
    detach(session, reason)
    session.deadlineAt = now() + closingMs
    undecided.add(session)
    if (session.blocked !== 0) session.socket.resume()
    session.writer.end(last)
  }

  const refuse = (session: Session, reason: RefusalReason, code: number): void => {
    observe(session, {
      event: 'refused',
      reason,
      ...(reason === 'log-unavailable' || reason === 'connect-rate' ? { merge: 'count' as const } : {}),
    })
    end(session, reason, Buffer.from([0x20, 2, 0, code]))
  }

  const fail = (session: Session, occurrence: Occurrence): void => {
    if (session.phase === 'closing' || session.phase === 'closed') return
    observe(session, occurrence)
    end(session, occurrence.event)
  }

  const send = (session: Session, packets: Buffer): boolean => {
    const { writer } = session
    writer.write(packets)
    if (writer.waitingBytes <= limits.outboundBytesMax) return true
    fail(session, { event: 'throttled', reason: 'not-reading', amount: writer.waitingBytes })
    return false
  }

  const admit = (session: Session, connect: ConnectPacket, record: DeviceRecord): void => {
    const device = roster.device(record.device)
    const previous = device.session
    session.record = record
    proved(session)
    if (previous !== null) {
      observe(session, { event: 'takeover', reason: `previous-address ${previous.peer.address}` })
      end(previous, 'taken-over')
    }
    session.device = device
    device.session = session
    if (connect.clean) device.qos2 = null
    session.telemetry = leafOf(record, session.id, 'telemetry')
    session.event = leafOf(record, session.id, 'event')
    session.status = leafOf(record, session.id, 'status')
    session.commandTopic = commandTopic(record.site, record.device)
    const { keepAliveSeconds } = connect
    session.silenceMsMax =
      1_500 * (keepAliveSeconds === 0 ? limits.keepAliveSecondsMax : Math.min(keepAliveSeconds, limits.keepAliveSecondsMax))
    counters.connects++
    counters.signedIn++
    observe(session, { event: 'connect' })
    // What changed between the verdict and now found no session to end.
    const latest = directory.device(record.device)
    if (latest !== undefined && latest !== record) recheck(latest)
    if (session.phase !== 'signing-in') return
    // An announcement that was dropped is never heard: the session yields to any other.
    if (edge.announces) session.announced = !observer.announce(subjectOf(session), record.device)
    void device.brokerClosed.then(() => join(session, connect))
  }

  const recheck = (record: DeviceRecord): void => {
    const session = roster.session(record.device)
    if (session === undefined) return
    const { fingerprint } = session.peer
    const allowed =
      record.status === 'enrolled' &&
      (fingerprint === null ? record.passwordHash === session.record!.passwordHash : record.fingerprints.includes(fingerprint))
    if (!allowed) end(session, 'revoked')
  }

  /** Shows the session to aedes, which answers with CONNACK. */
  const join = (session: Session, connect: ConnectPacket): void => {
    if (session.phase !== 'signing-in') return
    const pipe = openDownlinkPipe({
      toDevice(packets) {
        edge.written(session, packets)
        return send(session, packets)
      },
      wanted: () => flow.unblock(session, blockedBy.downlink),
      gone: () => end(session, 'broker'),
    })
    session.downlink = pipe
    session.broker = broker.handle(pipe)
    byClient.set(session.broker, session)
    pipe.push(plainConnect(connect.clientId, connect.clean))
  }

  const decided = (session: Session, connect: ConnectPacket, verdict: SignIn): void => {
    if (session.phase !== 'signing-in') return
    switch (verdict.outcome) {
      case 'accepted':
        admit(session, connect, verdict.record)
        break
      case 'refused':
        refuse(session, verdict.reason, verdict.code)
        break
      case 'willDenied':
        session.record = verdict.record
        counters.denied++
        observe(session, { event: 'aclDenied', reason: 'will-denied', topic: shownText(verdict.topic, 256), merge: 'count' })
        end(session, 'malformed', Buffer.from([0x20, 2, 0, connack.notAuthorized]))
        break
    }
  }

  return {
    open(socket, peer) {
      const nowMs = now()
      const session = createSession(edge.newId(), peer, socket, nowMs, nowMs + limits.connectTimeoutMs)
      sessions.add(session)
      undecided.add(session)
      counters.connections++
      if (!peer.proven)
        unproven.set(
          session,
          edge.halfOpen.enter(peer.address, () => fail(session, { event: 'refused', reason: 'connections-max', merge: 'count' })),
        )
      readDirectly(socket, (chunk) => edge.data(session, chunk))
      // Whatever the error, 'close' follows.
      socket.on('error', () => {})
      socket.on('close', () => {
        const before = session.phase
        session.phase = 'closed'
        session.held = []
        sessions.delete(session)
        counters.connections--
        if (before === 'closing') {
          undecided.delete(session)
          return
        }
        detach(session, 'lost')
      })
      return session
    },
    signIn(session, body) {
      const parsed = parseConnect(body)
      if (parsed.outcome === 'malformed') {
        fail(session, { event: 'malformed', reason: parsed.reason, merge: 'count' })
        return
      }
      if (parsed.outcome === 'version') {
        observe(session, { event: 'refused', reason: 'protocol-version', amount: parsed.level })
        end(session, 'protocol-version', Buffer.from([0x20, 2, 0, connack.version]))
        return
      }
      const { connect } = parsed
      session.connect = connect
      if (outbox.unavailable !== null) {
        refuse(session, 'log-unavailable', connack.unavailable)
        return
      }
      const verdict = decideSignIn(connect, session.peer, directory, edge.passwords, edge.registryWait)
      if (verdict instanceof Promise) void verdict.then((answer) => decided(session, connect, answer))
      else decided(session, connect, verdict)
    },
    send,
    fail,
    end,
    observe,
    ready(client) {
      const session = byClient.get(client)
      if (session === undefined || session.phase !== 'signing-in') return
      undecided.delete(session)
      session.phase = 'open'
      flow.unblock(session, blockedBy.signIn)
    },
    of: (client) => byClient.get(client),
    get unproven() {
      return unproven.size
    },
    sweep(nowMs, keepAlives) {
      for (const session of undecided) {
        if (nowMs < session.deadlineAt) continue
        if (session.phase === 'closing') session.socket.destroy()
        else {
          observe(session, { event: 'refused', reason: 'connect-timeout' })
          end(session, 'connect-timeout')
        }
      }
      if (!keepAlives) return
      for (const session of sessions) {
        // A session that we block can't be heard.
        if (session.phase === 'open' && session.blocked === 0 && nowMs - session.lastHeardAt > session.silenceMsMax)
          end(session, 'keep-alive')
      }
    },
    heardConnect({ kind: _kind, receivedAt: _at, event: _event, reason: _reason, topic: _topic, amount: _amount, ...subject }) {
      const here = subject.device === null ? undefined : roster.session(subject.device)
      if (here === undefined) return
      if (here.id === subject.session) here.announced = true
      else if (here.announced) {
        observer.report(subject, subject.device, { event: 'takeover', reason: `previous-address ${here.peer.address}` })
        end(here, 'taken-over')
      }
      // Otherwise this session's announcement stands behind that one in the log: the other edge lets go.
    },
    recheck,
    all: () => sessions,
  }
}

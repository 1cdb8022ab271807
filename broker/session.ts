import type { Socket } from 'node:net'
import type { Client } from 'aedes'
import type { DeviceRecord } from '../contracts/registry.ts'
import type { ConnectPacket } from './connect-packet.ts'
import { createDirectWriter, type DirectWriter } from './direct-socket.ts'
import type { AckOwner, LogPlace } from './outbox.ts'
import type { DownlinkPipe } from './downlink.ts'
import type { TokenBucket } from './token-bucket.ts'

/** What the connection itself proves, before a byte of MQTT. */
export interface Peer {
  readonly address: string
  readonly tlsVersion: string | null
  readonly cipher: string | null
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string | null
  /** The certificate's common name; null without a certificate. */
  readonly commonName: string | null
  /** The certificate is valid, signed by our authority and made for clients: its common name is a proven claim. */
  readonly proven: boolean
}

/** A device's own topic as bytes: the publish ACL is a comparison with it. With it, where its messages go in the log. */
export interface OwnLeaf extends LogPlace {
  readonly topic: Buffer
}

/** What is remembered of a device between its connections. */
export interface DeviceState {
  readonly device: string
  session: Session | null
  readonly packets: TokenBucket
  readonly bytes: TokenBucket
  /** QoS 2 packet ids between PUBREC and PUBREL; kept for a device that keeps its session. */
  qos2: Set<number> | null
  commandsQueued: number
  /** The tail of the device's commands: one is in flight at a time. */
  commandTail: Promise<unknown>
  /** Resolves when aedes has let go of the device's last connection: only then may it see the next one. */
  brokerClosed: Promise<void>
}

/** Why a socket is paused; bits. */
export const blockedBy = { signIn: 1, rate: 2, inFlight: 4, edge: 8, downlink: 16 } as const

export type Phase = 'connect' | 'signing-in' | 'open' | 'closing' | 'closed'

/** One connection. */
export interface Session extends AckOwner {
  readonly id: string
  readonly peer: Peer
  readonly socket: Socket
  /** All that is sent to the device goes through it. */
  readonly writer: DirectWriter
  phase: Phase
  /** When the phase must be over, ms; for `connect`, `signing-in` and `closing`. */
  deadlineAt: number
  lastHeardAt: number
  /** Silence that ends the session, ms. */
  silenceMsMax: number
  blocked: number
  /** Bytes that came but are not yet cut into packets, in order. */
  held: Buffer[]
  heldBytes: number
  /** How many bytes the packet at the front of `held` needs; 0 when not yet known. */
  neededBytes: number
  connect: ConnectPacket | null
  record: DeviceRecord | null
  device: DeviceState | null
  /** The other edges know of it: its announcement has come back from the log, so that whoever is announced now is newer. */
  announced: boolean
  telemetry: OwnLeaf | null
  event: OwnLeaf | null
  status: OwnLeaf | null
  commandTopic: string
  inFlight: number
  /** QoS 2 packet ids whose message is not durable yet. */
  qos2Pending: Set<number> | null
  downlink: DownlinkPipe | null
  broker: Client | null
  /** The QoS of its subscription to its commands; -1 without one. */
  commandQos: number
  /** The packet id of the command in flight, once aedes has written it; and who waits for it. */
  commandId: number
  commandAcknowledged: ((outcome: 'delivered' | 'disconnected') => void) | null
  /** Packets counted since `countedSince`, for the throttle's observation. */
  packetsCounted: number
  bytesCounted: number
  countedSince: number
}

export const createSession = (id: string, peer: Peer, socket: Socket, nowMs: number, deadlineAt: number): Session => ({
  acks: [],
  acksFlying: [],
  waiting: 0,
  flying: 0,
  waitingSince: 0,
  flyingSince: 0,
  queued: false,
  id,
  peer,
  socket,
  writer: createDirectWriter(socket),
  phase: 'connect',
  deadlineAt,
  lastHeardAt: nowMs,
  silenceMsMax: 0,
  blocked: 0,
  held: [],
  heldBytes: 0,
  neededBytes: 0,
  connect: null,
  record: null,
  device: null,
  announced: false,
  telemetry: null,
  event: null,
  status: null,
  commandTopic: '',
  inFlight: 0,
  qos2Pending: null,
  downlink: null,
  broker: null,
  commandQos: -1,
  commandId: 0,
  commandAcknowledged: null,
  packetsCounted: 0,
  bytesCounted: 0,
  countedSince: nowMs,
})

import { z } from 'zod'
import { logValueBytesMax } from '../contracts/event-log.ts'

const count = (byDefault: number, max = 1_000_000) => z.int().min(1).max(max).default(byDefault)
const ms = (byDefault: number, max = 3_600_000) => z.int().min(1).max(max).default(byDefault)

/** The envelope's header, its fixed part and the topic stand beside the payload in one log record. */
const envelopeBytesMax = 2_048

/**
 * Every limit of the edge, its unit in its name. Crossing one is a session observation and never a crash:
 * what is said there stands behind each field.
 */
export const edgeLimits = z.strictObject({
  /** Declared length of a packet after sign-in; `oversize`, and the connection is closed. */
  packetBytesMax: z
    .int()
    .min(256)
    .max(logValueBytesMax - envelopeBytesMax)
    .default(262_144),
  /** Declared length of the first packet (CONNECT); `oversize`, before a byte of it is buffered. */
  preAuthPacketBytesMax: z.int().min(64).max(65_536).default(4_096),
  /** Open connections of devices, signed in or proven by their certificate; `refused` connections-max. */
  connectionsMax: count(20_000),
  /** New connections a second from one address (IPv6: one /64); `refused` connect-rate, before the handshake. */
  connectsPerSecondPerAddressMax: count(100),
  /** How many an address may save up: a ward behind one gateway comes back at once. */
  connectsBurstPerAddressMax: count(1_000),
  /** Addresses whose rate is remembered; the one not seen for longest is forgotten. */
  addressesRememberedMax: count(50_000),
  /** Connections that have proved nothing yet: before the end of the TLS handshake, without a certificate of ours before sign-in. The oldest of the address that has most is `refused` connections-max. */
  handshakesHalfOpenMax: count(4_000),
  /** From the TCP connection (behind a load balancer: from the end of its PROXY header) to the end of the handshake; `refused` handshake-timeout. */
  handshakeTimeoutMs: ms(10_000),
  /** A PROXY header with all of its extensions, bytes; `refused` proxy-header. */
  proxyHeaderBytesMax: z.int().min(52).max(65_551).default(1_024),
  /** From a load balancer's TCP connection to the end of its PROXY header; `refused` proxy-timeout. */
  proxyHeaderTimeoutMs: ms(5_000),
  /** From the handshake to a complete CONNECT and its answer; `refused` connect-timeout. */
  connectTimeoutMs: ms(10_000),
  /** Packets a second of one device; the socket is paused, nothing is dropped; `throttled` publish-rate. */
  publishesPerSecondPerDeviceMax: count(200),
  /** How many packets a device may save up: what it stored while it was away. */
  publishesBurstPerDeviceMax: count(1_000),
  /** As above for bytes; `throttled` byte-rate. */
  bytesPerSecondPerDeviceMax: z.int().min(1_024).max(1_073_741_824).default(524_288),
  bytesBurstPerDeviceMax: z.int().min(1_024).max(1_073_741_824).default(2_097_152),
  /** Messages of one device that are not yet durable; the socket is paused (this is back-pressure, not an offence). */
  inFlightPerDeviceMax: count(200, 65_535),
  /** Bytes of all messages that are not yet durable; the sockets that bring more are paused. */
  inFlightBytesMax: z
    .int()
    .min(65_536)
    .max(4_294_967_296)
    .default(64 * 1_048_576),
  /** QoS 2 packet ids of one device between PUBREC and PUBREL; `throttled` qos2-window, and the connection is closed. */
  qos2PerDeviceMax: count(200, 65_535),
  /** Bytes that wait for a device that does not read; `throttled` not-reading, and the connection is closed. */
  outboundBytesMax: z.int().min(4_096).max(67_108_864).default(262_144),
  /** A longer keep-alive, or none, counts as this one. A device silent for 1.5 times its keep-alive is disconnected. */
  keepAliveSecondsMax: z.int().min(1).max(65_535).default(1_200),
  /** Filters in one SUBSCRIBE; `malformed` too-many-filters. */
  filtersPerSubscribeMax: count(8, 1_000),
  /** Who the registry does not list, or whose password is wrong, is judged once the edge has read the registry to its end; after this `refused` registry-behind. */
  registryWaitMsMax: ms(3_000),
  /** From one such look at the registry's log, which all who wait share, to the next. */
  registryLookPauseMs: ms(50, 1_000),
  /** Password checks at once (argon2id takes a core and tens of megabytes each). */
  passwordChecksMax: count(2, 64),
  /** Sign-ins that wait for a password check; beyond it they are refused (`connect-rate`). */
  passwordQueueMax: count(200),
  /** The first wrong password from an address is answered after this; each further one after twice as long. */
  passwordDelayMs: ms(100),
  passwordDelayMsMax: ms(4_000),
  /** Observations that wait for the log; beyond it they are dropped and counted in `observationsDropped`. */
  observationsQueuedMax: count(50_000),
  /** A message waits so long at most for others to share its flush (and less when `batchRecordsMin` have come). */
  lingerMsMax: z.int().min(0).max(100).default(16),
  /** So many messages are flushed without waiting for more. */
  batchRecordsMin: count(1_024),
  /** An append that takes longer counts as an unavailable log: new sign-ins are refused (`log-unavailable`), `/readyz` says 503. Longer than Kafka's brokers take to follow one another (`broker.session.timeout.ms`, 9 s, and an election). */
  logStallMs: ms(15_000),
  /** Commands that wait for one device; `deliver` answers busy beyond it. */
  commandsQueuedPerDeviceMax: count(16),
  /** How long a device may take to acknowledge a command. */
  commandTimeoutMs: ms(10_000),
  /** Devices whose rate, QoS 2 ids and command queue are remembered after they left. */
  devicesRememberedMax: count(100_000),
})

export type EdgeLimits = z.infer<typeof edgeLimits>

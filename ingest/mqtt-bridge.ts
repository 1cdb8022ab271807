import { type IPublishPacket, type MqttClient, connect } from 'mqtt'
import type { Clock } from '../contracts/clock.ts'
import { type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import type { Logger } from '../contracts/logger.ts'
import { type BridgedRecord, createBridgeRecords } from './bridge-records.ts'

export interface BridgeSettings {
  /** Unique among everything that reads that broker: it makes the client id, and so the session that outlives a crash. */
  readonly name: string
  /** `mqtt://` or `mqtts://`. */
  readonly url: string
  /** E.g. `$share/wardwatch/v1/+/+/telemetry`: the bridges of one group share the messages. */
  readonly subscription: string
  /** See `parseTopicPattern`. */
  readonly topicPattern: string
  /** The model of its devices: another broker's topics do not tell. */
  readonly model: string
  readonly username: string | null
  readonly password: string | null
  readonly tls: { readonly caPem: string | null; readonly certificatePem: string | null; readonly privateKeyPem: string | null }
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly newId: () => string
  /** Messages received and not yet durable; at this many the broker's socket is not read on. */
  readonly inFlightMax?: number
  /** Between attempts to connect, ms. */
  readonly reconnectMs?: number
  /** Tells each message that became no envelope. */
  readonly onDrop?: (reason: 'retained' | 'dead-letter', topic: string) => void
}

interface BridgeStats {
  readonly connected: 0 | 1
  readonly received: number
  readonly durable: number
  readonly deadLettered: number
  readonly retained: number
  readonly inFlight: number
  readonly logFailures: number
}

export interface Bridge {
  stats(): BridgeStats
  /** Rejects when the bridge cannot go on; an unreachable broker or log is not that. Resolves on close. */
  readonly failed: Promise<void>
  /** Waits for what is being appended, acknowledges it, leaves the broker. Idempotent. */
  close(): Promise<void>
}

interface Waiting {
  /** The connection that brought it: only there may it be acknowledged. */
  readonly stream: MqttClient['stream']
  /** Null at QoS 0. */
  readonly packetId: number | null
  readonly record: BridgedRecord
}

const keepaliveSeconds = 30
const appendRecordsMax = 500

/** Handed to MQTT.js in place of an acknowledgement: with an error it goes on reading and sends no PUBACK of its own. */
const acknowledgedLater = new Error('acknowledged when the log has it')

/** PUBACKs in one write. The four bytes are MQTT 3.1.1's, section 3.4. */
const pubacks = (packetIds: readonly number[]): Buffer => {
  const bytes = Buffer.allocUnsafe(packetIds.length * 4)
  packetIds.forEach((id, i) => bytes.writeUInt32BE(0x40_02_00_00 + id, i * 4))
  return bytes
}

/**
 * Reads another broker into the log, at QoS 1, over MQTT 3.1.1 with a session that the broker keeps (`clean: false`). A message is acknowledged
 * upstream only when the log has it. MQTT.js acknowledges one message at a time (`handleMessage` holds everything until its callback), which would be one commit
 * of the log for each; so its own acknowledgement is declined and the PUBACKs of a whole batch are written when the batch is durable.
 * When the log fails, the connection is dropped and made anew: a broker sends what was not acknowledged again only then.
 *
 * Connects in the background and for ever; throws RangeError only for settings that can never work. Identity is the topic's: the other
 * broker has to see to it that devices publish under their own names only. Retained copies are dropped: what they hold came, or will come, as a message.
 */
export const startBridge = async (settings: BridgeSettings): Promise<Bridge> => {
  const { name, log, clock, logger, inFlightMax = 1_000, reconnectMs = 1_000, onDrop, tls } = settings
  const toRecord = createBridgeRecords({ ...settings, session: `bridge-${name}-${settings.newId()}` })
  const counts = { received: 0, durable: 0, deadLettered: 0, retained: 0, logFailures: 0 }
  const { promise: failed, resolve: settleFailed, reject: fail } = Promise.withResolvers<void>()
  failed.catch(() => undefined)
  let waiting: Waiting[] = []
  let appending = 0
  let running: Promise<void> | null = null
  let goOn: (() => void) | null = null
  let closed = false

  const client = connect(settings.url, {
    clientId: `wardwatch-${name}`,
    clean: false,
    protocolVersion: 4,
    keepalive: keepaliveSeconds,
    reconnectPeriod: reconnectMs,
    reconnectOnConnackError: true,
    resubscribe: false,
    ...(settings.username === null ? {} : { username: settings.username }),
    ...(settings.password === null ? {} : { password: settings.password }),
    ...(tls.caPem === null ? {} : { ca: tls.caPem }),
    ...(tls.certificatePem === null ? {} : { cert: tls.certificatePem }),
    ...(tls.privateKeyPem === null ? {} : { key: tls.privateKeyPem }),
  })

  const readOn = (): void => {
    const callback = goOn
    goOn = null
    callback?.()
  }

  const append = async (batch: readonly Waiting[]): Promise<void> => {
    const letters = batch.filter(({ record }) => record.topic === 'dead-letters.v1')
    const messages = batch.filter(({ record }) => record.topic !== 'dead-letters.v1')
    await Promise.all([
      messages.length > 0 &&
        log.append(
          'observations.by-device.v1',
          messages.map(({ record }) => record),
        ),
      letters.length > 0 &&
        log.append(
          'dead-letters.v1',
          letters.map(({ record }) => record),
        ),
    ])
    counts.durable += batch.length
    counts.deadLettered += letters.length
    const stream = batch[0]!.stream
    const packetIds = batch.flatMap(({ packetId }) => packetId ?? [])
    if (packetIds.length > 0 && client.connected && client.stream === stream) stream.write(pubacks(packetIds))
  }

  /** One append at a time: a device's messages keep their order, and what arrives meanwhile is the next batch. */
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, appendRecordsMax)
      waiting = waiting.slice(appendRecordsMax)
      appending = batch.length
      try {
        await append(batch)
      } catch (error) {
        counts.logFailures++
        // Not acknowledged, and dropped here: the broker sends them again, in order, on the next connection.
        waiting = []
        client.stream.destroy()
        if (!(error instanceof LogUnavailable)) {
          fail(error)
          client.end(true)
        } else logger.warn({ bridge: name, reason: error.reason }, 'the log is unavailable; the bridge connects anew')
      }
      appending = 0
      if (waiting.length < inFlightMax) readOn()
    }
  }

  client.handleMessage = (packet: IPublishPacket, callback) => {
    counts.received++
    const stream = client.stream
    const packetId = packet.qos === 0 ? null : packet.messageId!
    if (closed) {
      callback(acknowledgedLater)
      return
    }
    if (packet.retain) {
      counts.retained++
      onDrop?.('retained', packet.topic)
      callback()
      return
    }
    const record = toRecord(packet, clock.now())
    if (record.topic === 'dead-letters.v1') onDrop?.('dead-letter', packet.topic)
    waiting.push({ stream, packetId, record })
    running ??= run().finally(() => {
      running = null
    })
    if (waiting.length + appending < inFlightMax) callback(acknowledgedLater)
    else goOn = () => callback(acknowledgedLater)
  }

  client.on('connect', () => {
    client.subscribe(settings.subscription, { qos: 1 }, (error, granted) => {
      if (error === null && granted?.[0]?.qos === 1) logger.info({ bridge: name, subscription: settings.subscription }, 'the bridge reads')
      else if (error === null)
        logger.warn({ bridge: name, granted: granted?.[0]?.qos }, 'the broker grants less than QoS 1: messages may be lost on the way')
      else {
        logger.error({ bridge: name, error: error.message }, "the broker refuses the bridge's subscription")
        client.stream.destroy()
      }
    })
  })
  client.on('error', (error) => logger.warn({ bridge: name, error: error.message }, "the bridge's connection failed"))
  client.on('close', () => {
    waiting = []
    readOn()
  })

  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    closed = true
    readOn()
    await running
    // A DISCONNECT lets the last PUBACKs through; on a connection that is gone nobody would answer it.
    await client.endAsync(!client.connected || client.stream.destroyed)
    settleFailed()
  }
  return {
    stats: () => ({ ...counts, connected: client.connected ? 1 : 0, inFlight: waiting.length + appending }),
    failed,
    close: () => (closing ??= close()),
  }
}

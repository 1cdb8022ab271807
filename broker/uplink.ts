import { stampMessageHead } from '../contracts/envelope.ts'
import type { Counters } from './counters.ts'
import type { Flow } from './flow.ts'
import type { EdgeLimits } from './limits.ts'
import { isMqttText, shownText } from './mqtt-text.ts'
import type { Occurrence } from './observer.ts'
import type { Outbox } from './outbox.ts'
import { blockedBy, type OwnLeaf, type Session } from './session.ts'

/** An acknowledgement in an owner's list: the packet id, and above it the packet type that answers. */
const pubAck = 0x40_0000
const pubRec = 0x50_0000

export interface Uplink {
  /**
   * A PUBLISH: `data[at]` is the first byte after the fixed header, `end` the byte after the packet. False when it ended the session.
   */
  publish(session: Session, header: number, data: Buffer, at: number, end: number, nowMs: number): boolean
  /** A PUBREL for `packetId`. False when it ended the session. */
  release(session: Session, packetId: number): boolean
  /** What waited in the flush that is now durable: writes the acknowledgements in arrival order, in one write. */
  acknowledge(session: Session, nowMs: number): void
}

/**
 * Device data on its way into the log. QoS 0, 1 and 2 under the device's own three topics are stored; anything else is denied.
 *
 * A denied PUBLISH is acknowledged and dropped, and observed as `aclDenied` (MQTT 3.1.1 has no negative PUBACK, and closing would
 * make a misconfigured device reconnect for ever; Mosquitto does the same). QoS 2 is exactly once within a connection and, for a
 * device that keeps its session (clean=0), across reconnects while this edge runs; after the edge's own restart it is at
 * least once, and the repeated reading is told by its sequence number downstream. The retain flag is ignored.
 */
export const createUplink = (edge: {
  limits: EdgeLimits
  counters: Counters
  outbox: Outbox<Session>
  flow: Flow
  /** The latest time that anything was stamped with: what is stored now may not be older, though its chunk came before. */
  latestMs: () => number
  observe: (session: Session, occurrence: Occurrence) => void
  send: (session: Session, packets: Buffer) => boolean
  /** Ends the session with that observation. */
  fail: (session: Session, occurrence: Occurrence) => void
}): Uplink => {
  const { limits, counters, outbox, flow, observe, fail } = edge
  const inFlightResume = limits.inFlightPerDeviceMax >> 1

  /** The payload is the bytes of `data` from `from` up to `to`. */
  const store = (
    session: Session,
    leaf: OwnLeaf,
    data: Buffer,
    from: number,
    to: number,
    dup: boolean,
    ack: number,
    nowMs: number,
  ): void => {
    counters.publishes++
    counters.publishBytes += to - from
    stampMessageHead(leaf.head, edge.latestMs(), dup)
    outbox.message(session, leaf, data, from, to, ack, nowMs)
    if (++session.inFlight >= limits.inFlightPerDeviceMax) flow.block(session, blockedBy.inFlight)
    if (outbox.bytes >= limits.inFlightBytesMax) flow.holdForEdge(session)
  }

  const ackOnly = (session: Session, ack: number, nowMs: number): void => {
    outbox.ackOnly(session, ack, nowMs)
    if (++session.inFlight >= limits.inFlightPerDeviceMax) flow.block(session, blockedBy.inFlight)
  }

  // A loop: for thirty bytes it is cheaper than a call of Buffer.compare. From the end, where topics differ first.
  const matches = (leaf: OwnLeaf | null, data: Buffer, from: number, to: number): leaf is OwnLeaf => {
    if (leaf === null) return false
    const { topic } = leaf
    let i = topic.length
    if (i !== to - from) return false
    while (--i >= 0) if (topic[i] !== data[from + i]) return false
    return true
  }

  const deny = (session: Session, reason: string, topic: Buffer): void => {
    counters.denied++
    observe(session, { event: 'aclDenied', reason, topic: shownText(topic.toString('utf8'), 256), merge: 'count' })
  }

  const writeAcks = (session: Session, acks: readonly number[]): void => {
    const count = acks.length
    const bytes = Buffer.allocUnsafe(count * 4)
    for (let i = 0; i < count; i++) {
      const ack = acks[i]!
      const at = i * 4
      bytes[at] = ack >> 16
      bytes[at + 1] = 2
      bytes[at + 2] = ack >> 8
      bytes[at + 3] = ack
      if (session.qos2Pending !== null && ack >= pubRec) session.qos2Pending.delete(ack & 0xffff)
    }
    counters.acknowledged += count
    edge.send(session, bytes)
  }

  return {
    publish(session, header, data, at, end, nowMs) {
      const qos = (header >> 1) & 3
      const dup = (header & 8) !== 0
      if (at + 2 > end) {
        fail(session, { event: 'malformed', reason: 'truncated' })
        return false
      }
      const topicAt = at + 2
      const topicEnd = topicAt + ((data[at]! << 8) | data[at + 1]!)
      const payloadAt = qos === 0 ? topicEnd : topicEnd + 2
      if (payloadAt > end || qos === 3 || (dup && qos === 0)) {
        fail(session, { event: 'malformed', reason: payloadAt > end ? 'truncated' : 'publish-flags' })
        return false
      }
      let packetId = 0
      if (qos !== 0) {
        packetId = (data[topicEnd]! << 8) | data[topicEnd + 1]!
        if (packetId === 0) {
          fail(session, { event: 'malformed', reason: 'packet-id' })
          return false
        }
      }
      let leaf: OwnLeaf | null = null
      if (matches(session.telemetry, data, topicAt, topicEnd)) leaf = session.telemetry
      else if (matches(session.event, data, topicAt, topicEnd)) leaf = session.event
      else if (matches(session.status, data, topicAt, topicEnd)) leaf = session.status

      if (leaf === null) {
        const topic = data.subarray(topicAt, topicEnd)
        if (topic.length === 0 || !isMqttText(topic)) {
          fail(session, { event: 'malformed', reason: topic.length === 0 ? 'empty-topic' : 'topic-utf8' })
          return false
        }
        if (topic.includes(0x23) || topic.includes(0x2b)) {
          deny(session, 'wildcard', topic)
          fail(session, { event: 'malformed', reason: 'topic-wildcard' })
          return false
        }
        deny(session, 'publish-denied', topic)
      }
      if (qos !== 2) {
        const ack = qos === 1 ? pubAck | packetId : -1
        if (leaf !== null) store(session, leaf, data, payloadAt, end, dup, ack, nowMs)
        else if (ack !== -1) ackOnly(session, ack, nowMs)
        return true
      }

      const device = session.device!
      device.qos2 ??= new Set()
      if (device.qos2.has(packetId)) {
        // Sent again: its PUBREC comes when the first is durable, or was lost with an earlier connection.
        if (session.qos2Pending?.has(packetId) !== true) ackOnly(session, pubRec | packetId, nowMs)
        return true
      }
      if (device.qos2.size >= limits.qos2PerDeviceMax) {
        fail(session, { event: 'throttled', reason: 'qos2-window', amount: device.qos2.size })
        return false
      }
      device.qos2.add(packetId)
      if (leaf === null) ackOnly(session, pubRec | packetId, nowMs)
      else {
        session.qos2Pending ??= new Set()
        session.qos2Pending.add(packetId)
        store(session, leaf, data, payloadAt, end, dup, pubRec | packetId, nowMs)
      }
      return true
    },
    release(session, packetId) {
      session.device!.qos2?.delete(packetId)
      return edge.send(session, Buffer.from([0x70, 2, packetId >> 8, packetId & 255]))
    },
    acknowledge(session, nowMs) {
      const acks = session.acksFlying
      if (session.phase === 'open') {
        if (acks.length > 0) writeAcks(session, acks)
        counters.ackLatency.record(nowMs - session.flyingSince, session.flying)
      }
      acks.length = 0
      session.inFlight -= session.flying
      session.flying = 0
      if (session.blocked !== 0 && session.inFlight <= inFlightResume) flow.unblock(session, blockedBy.inFlight)
    },
  }
}

import type { Flow } from './flow.ts'
import type { EdgeLimits } from './limits.ts'
import type { Occurrence } from './observer.ts'
import { blockedBy, type Session } from './session.ts'
import { parseFilters } from './subscribe-packet.ts'
import type { Uplink } from './uplink.ts'

/** Cuts what a socket brings into MQTT packets and sends each where it belongs. */
export interface Gate {
  /** A chunk has come. */
  data(session: Session, chunk: Buffer): void
  /** Goes on with what was held back. */
  proceed(session: Session): void
}

/** A blocked socket may still bring what was on its way; more than this beyond a packet means that it can't be paused. */
const heldSlackBytes = 1_048_576
const heldPartsMax = 64
const smallBytes = 4_096

const pingResponse = Buffer.from([0xd0, 0])

/**
 * The gate owns the socket's `data`. The declared length is judged before anything is buffered, before and after sign-in. Telemetry
 * goes straight to the log (`uplink.ts`); CONNECT is decided in `sign-in.ts`; PINGREQ and DISCONNECT are answered here, because
 * keep-alive and wills are the gate's; SUBSCRIBE, UNSUBSCRIBE and PUBACK of commands are checked and handed to aedes whole.
 */
export const createGate = (edge: {
  limits: EdgeLimits
  flow: Flow
  uplink: Uplink
  now: () => number
  fail: (session: Session, occurrence: Occurrence) => void
  observe: (session: Session, occurrence: Occurrence) => void
  send: (session: Session, packets: Buffer) => boolean
  signIn: (session: Session, body: Buffer) => void
  /** The device has said goodbye. */
  leave: (session: Session) => void
  commandAcknowledged: (session: Session, packetId: number) => void
}): Gate => {
  const { limits, flow, uplink, fail } = edge

  const handOver = (session: Session, packet: Buffer): boolean => {
    // Copied: aedes may keep it for longer than the chunk is ours.
    if (!session.downlink!.push(Buffer.from(packet))) flow.block(session, blockedBy.downlink)
    return true
  }

  const malformed = (session: Session, reason: string): false => {
    fail(session, { event: 'malformed', reason })
    return false
  }

  /** One packet: `data[from]` its first byte, `at` the byte after the fixed header, `end` the byte after it. False ends the session. */
  const packet = (session: Session, data: Buffer, from: number, at: number, end: number, nowMs: number): boolean => {
    const header = data[from]!
    if (session.phase === 'connect') {
      if (header !== 0x10) return malformed(session, 'connect-expected')
      session.phase = 'signing-in'
      flow.block(session, blockedBy.signIn)
      edge.signIn(session, data.subarray(at, end))
      return true
    }
    if (header >> 4 === 3) return uplink.publish(session, header, data, at, end, nowMs)
    switch (header) {
      case 0x40:
        if (end - at !== 2 || (data[at] === 0 && data[at + 1] === 0)) return malformed(session, 'puback')
        edge.commandAcknowledged(session, (data[at]! << 8) | data[at + 1]!)
        return handOver(session, data.subarray(from, end))
      case 0x62:
        if (end - at !== 2 || (data[at] === 0 && data[at + 1] === 0)) return malformed(session, 'pubrel')
        return uplink.release(session, (data[at]! << 8) | data[at + 1]!)
      case 0x82:
      case 0xa2: {
        const parsed = parseFilters(data.subarray(at, end), header === 0x82, limits.filtersPerSubscribeMax)
        return parsed.outcome === 'malformed' ? malformed(session, parsed.reason) : handOver(session, data.subarray(from, end))
      }
      case 0xc0:
        if (end !== at) return malformed(session, 'pingreq')
        return edge.send(session, pingResponse)
      case 0xe0:
        if (end !== at) return malformed(session, 'disconnect')
        edge.leave(session)
        return false
      case 0x10:
        return malformed(session, 'second-connect')
      default:
        return malformed(session, 'packet-type')
    }
  }

  const hold = (session: Session, rest: Buffer): void => {
    // A small rest would keep its whole chunk in memory.
    session.held.push(rest.length < smallBytes && rest.buffer.byteLength > 4 * smallBytes ? Buffer.from(rest) : rest)
    session.heldBytes = rest.length
  }

  const cut = (session: Session, data: Buffer, nowMs: number): void => {
    const end = data.length
    const { device } = session
    if (device !== null) flow.refillDevice(device, nowMs)
    let from = 0
    session.neededBytes = 0
    while (from < end && session.blocked === 0) {
      let at = from + 1
      let length = 0
      let shift = 0
      let byte = 128
      while (at < end && shift < 28) {
        byte = data[at++]!
        length |= (byte & 127) << shift
        shift += 7
        if (byte < 128) break
      }
      if (byte >= 128) {
        if (shift < 28) break
        malformed(session, 'remaining-length')
        return
      }
      const signedIn = session.phase === 'open'
      if (length > (signedIn ? limits.packetBytesMax : limits.preAuthPacketBytesMax)) {
        fail(session, { event: 'oversize', reason: 'packet-bytes', amount: length, merge: 'largest' })
        return
      }
      // What can only be something else than MQTT is told at its first byte, not after its declared length has come.
      if (!signedIn && data[from] !== 0x10) {
        malformed(session, 'connect-expected')
        return
      }
      const next = at + length
      if (next > end) {
        session.neededBytes = next - from
        break
      }
      if (signedIn) {
        session.packetsCounted++
        session.bytesCounted += next - from
        if (!flow.spend(session.device!, next - from)) throttle(session, nowMs)
      }
      if (!packet(session, data, from, at, next, nowMs)) return
      from = next
    }
    if (from < end) hold(session, from === 0 ? data : data.subarray(from))
  }

  const throttle = (session: Session, nowMs: number): void => {
    const device = session.device!
    const elapsedSeconds = Math.max(nowMs - session.countedSince, 1_000) / 1_000
    const byPackets = device.packets.tokens < 1
    edge.observe(session, {
      event: 'throttled',
      reason: byPackets ? 'publish-rate' : 'byte-rate',
      amount: Math.round((byPackets ? session.packetsCounted : session.bytesCounted) / elapsedSeconds),
      merge: 'largest',
    })
    session.countedSince = nowMs
    session.packetsCounted = 0
    session.bytesCounted = 0
    flow.throttle(session)
  }

  const joined = (session: Session): Buffer => {
    const { held } = session
    const all = held.length === 1 ? held[0]! : Buffer.concat(held)
    session.held = []
    session.heldBytes = 0
    return all
  }

  return {
    data(session, chunk) {
      if (session.phase === 'closing' || session.phase === 'closed') return
      const nowMs = edge.now()
      session.lastHeardAt = nowMs
      if (session.held.length === 0 && session.blocked === 0) {
        cut(session, chunk, nowMs)
        return
      }
      session.held.push(chunk)
      session.heldBytes += chunk.length
      if (session.blocked !== 0) {
        if (session.heldBytes > limits.packetBytesMax + heldSlackBytes) session.socket.destroy()
        return
      }
      if (session.heldBytes >= session.neededBytes) cut(session, joined(session), nowMs)
      else if (session.held.length > heldPartsMax) session.held = [Buffer.concat(session.held)]
    },
    proceed(session) {
      cut(session, joined(session), edge.now())
    },
  }
}

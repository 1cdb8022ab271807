import type { Aedes } from 'aedes'
import type { Clock } from '../contracts/clock.ts'
import type { Command } from '../contracts/command.ts'
import type { EdgeLimits } from './limits.ts'
import type { Roster } from './roster.ts'
import type { Session } from './session.ts'

/**
 * What became of a command:
 * `delivered` the device's PUBACK came; `unacknowledged` it was written, but the device subscribed at QoS 0; `offline` the device is not
 * connected here; `not-subscribed` it is, without a subscription to its commands; `wrong-site` it belongs to another site; `expired`; `busy`
 * too many commands wait for it; `timeout` no PUBACK in time (it may still have got it); `disconnected` before its PUBACK (likewise).
 */
export type Delivery =
  | 'delivered'
  | 'unacknowledged'
  | 'offline'
  | 'not-subscribed'
  | 'wrong-site'
  | 'expired'
  | 'busy'
  | 'timeout'
  | 'disconnected'

export interface Commands {
  deliver(command: Command): Promise<Delivery>
  /** A PUBACK came from the device. */
  acknowledged(session: Session, packetId: number): void
  /** Packets go to the device: notes the packet id of the command among them. */
  written(session: Session, packets: Buffer): void
}

/** The packet id of the first QoS 1 PUBLISH among whole packets; 0 when there is none. */
const publishId = (packets: Buffer): number => {
  let from = 0
  while (from < packets.length) {
    let at = from + 1
    let length = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = packets[at++]!
      length |= (byte & 127) << shift
      if (byte < 128) break
    }
    if ((packets[from]! & 0xf6) === 0x32) return packets.readUInt16BE(at + 2 + packets.readUInt16BE(at))
    from = at + length
  }
  return 0
}

/**
 * Commands go through aedes at QoS 1, one at a time for each device (aedes 1.2.0 may drop one of two that overlap), and only to a device that is
 * connected here: what waits is durable in `commands.v1`, not here.
 */
export const createCommands = (broker: Aedes, roster: Roster, clock: Clock, limits: EdgeLimits, delivered: () => void): Commands => {
  const send = async (command: Command): Promise<Delivery> => {
    const session = roster.session(command.device)
    if (session === undefined || session.phase !== 'open') return 'offline'
    if (session.record!.site !== command.site) return 'wrong-site'
    if (clock.now() >= command.expiresAt) return 'expired'
    if (session.commandQos < 0) return 'not-subscribed'
    session.commandId = 0
    const answer = new Promise<'delivered' | 'disconnected'>((resolve) => {
      session.commandAcknowledged = resolve
    })
    let timer: ReturnType<typeof setTimeout> | null = null
    const late = new Promise<'timeout'>((resolve) => {
      timer = setTimeout(resolve, limits.commandTimeoutMs, 'timeout')
    })
    // When aedes gives the connection up while it writes, `answer` tells: the session ends.
    const written = new Promise<void>((resolve) => {
      const payload = Buffer.from(command.payload)
      broker.publish({ cmd: 'publish', topic: session.commandTopic, payload, qos: 1, retain: false, dup: false }, () => resolve())
    })
    const unacknowledged = session.commandQos === 0 ? [written.then(() => 'unacknowledged' as const)] : []
    try {
      const outcome = await Promise.race([answer, late, ...unacknowledged])
      if (outcome === 'delivered') delivered()
      return outcome
    } finally {
      if (timer !== null) clearTimeout(timer)
      session.commandAcknowledged = null
      session.commandId = 0
    }
  }

  return {
    async deliver(command) {
      if (roster.session(command.device) === undefined) return 'offline'
      const device = roster.device(command.device)
      if (device.commandsQueued >= limits.commandsQueuedPerDeviceMax) return 'busy'
      device.commandsQueued++
      const sent = device.commandTail.then(() => send(command))
      device.commandTail = sent
      try {
        return await sent
      } finally {
        device.commandsQueued--
      }
    },
    acknowledged(session, packetId) {
      if (session.commandId === packetId) session.commandAcknowledged?.('delivered')
    },
    written(session, packets) {
      if (session.commandAcknowledged !== null && session.commandId === 0) session.commandId = publishId(packets)
    },
  }
}

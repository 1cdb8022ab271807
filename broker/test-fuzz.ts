import type { TestIdentity } from './test-certificates.ts'
import { connectFrame, frame, number16, openRaw, publishFrame, type RawClient, subscribeFrame } from './test-client.ts'
import { site } from './test-edge.ts'

/** A small seeded generator (mulberry32): a campaign is repeated by its seed. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface FuzzCampaign {
  readonly port: number
  /** The certificate that the hostile connections use, and its device. */
  readonly identity: TestIdentity
  readonly device: string
  readonly packets: number
  readonly packetsPerConnection: number
  /** Connections at once. Each takes the session from the one before: takeovers are part of it. */
  readonly atOnce: number
  readonly seed: number
}

/**
 * Sends random and mutated MQTT packets over many connections: bits flipped, bytes cut, inserted and repeated, lengths lied about, pure noise, valid
 * packets between them, in chunks cut anywhere; half of the connections sign in first. Answers how many packets it sent.
 */
export const runFuzzCampaign = async (campaign: FuzzCampaign): Promise<number> => {
  const { device, identity, port } = campaign
  const random = seededRandom(campaign.seed)
  const below = (n: number): number => Math.floor(random() * n)
  const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)))
  const mine = `v1/${site}/${device}/`
  const templates: (() => Buffer)[] = [
    () => connectFrame(device, { will: { topic: `${mine}status`, payload: 'w' }, keepAliveSeconds: below(3) }),
    () => publishFrame(`${mine}telemetry`, noise(below(60)), below(3) as 0 | 1 | 2, 1 + below(65_535)),
    () => publishFrame(noise(below(30)), noise(below(30)), below(3) as 0 | 1 | 2, below(4)),
    () => publishFrame(`v1/${site}/honest/telemetry`, 'forged'),
    () => subscribeFrame(below(3), [`${mine}command`, below(4)], [noise(below(8)), below(3)]),
    () => frame(0xa2, number16(1 + below(9)), number16(4), noise(4)),
    () => frame(0x62, number16(below(9))),
    () => frame(0x40, number16(below(9))),
    () => frame(0xc0),
    () => frame(below(256), noise(below(20))),
    () => noise(1 + below(40)),
  ]
  const mutate = (packet: Buffer): Buffer => {
    const bytes = Buffer.from(packet)
    switch (below(8)) {
      case 0:
        if (bytes.length > 0) bytes[below(bytes.length)]! ^= 1 << below(8)
        return bytes
      case 1:
        return bytes.subarray(0, below(bytes.length + 1))
      case 2:
        return Buffer.concat([bytes.subarray(0, below(bytes.length + 1)), noise(1 + below(5)), bytes.subarray(below(bytes.length + 1))])
      case 3:
        if (bytes.length > 1) bytes[1] = below(256)
        return bytes
      default:
        return bytes
    }
  }

  let sent = 0
  let ticket: Buffer | undefined
  const connection = async (): Promise<void> => {
    let client: RawClient
    try {
      client = await openRaw(port, identity, ticket === undefined ? {} : { session: ticket })
    } catch {
      return
    }
    client.socket.on('session', (session) => (ticket = session))
    const packets = Array.from({ length: campaign.packetsPerConnection }, () => mutate(templates[below(templates.length)]!()))
    if (random() < 0.7) packets.unshift(connectFrame(device, { clean: random() < 0.5 }))
    sent += packets.length
    const bytes = Buffer.concat(packets)
    const cutAt = below(bytes.length + 1)
    client.send(bytes.subarray(0, cutAt))
    client.send(bytes.subarray(cutAt))
    // Whatever the edge makes of it, it answers a lone half packet by waiting: so must this.
    if (random() < 0.5) await Promise.race([client.closed, client.packet(0).catch(() => {})])
    client.socket.destroy()
  }
  const worker = async (): Promise<void> => {
    while (sent < campaign.packets) await connection()
  }
  await Promise.all(Array.from({ length: campaign.atOnce }, worker))
  return sent
}

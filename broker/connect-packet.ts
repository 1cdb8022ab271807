import { isMqttText } from './mqtt-text.ts'

/** A CONNECT as it was understood; `will` keeps its bytes. */
export interface ConnectPacket {
  readonly protocol: 3 | 4
  readonly clean: boolean
  readonly keepAliveSeconds: number
  readonly clientId: string
  readonly will: { readonly topic: string; readonly payload: Buffer; readonly qos: number } | null
  readonly userName: string | null
  readonly password: Buffer | null
}

export type ConnectParsed =
  | { readonly outcome: 'ok'; readonly connect: ConnectPacket }
  | { readonly outcome: 'version'; readonly level: number }
  | { readonly outcome: 'malformed'; readonly reason: string }

const malformed = (reason: string): ConnectParsed => ({ outcome: 'malformed', reason })

/**
 * Reads the variable header and payload of a CONNECT (MQTT 3.1.1 section 3.1, and 3.1), strictly: what the standard calls a
 * violation is `malformed`. A protocol level that is not ours is `version`, whatever follows it.
 */
export const parseConnect = (body: Buffer): ConnectParsed => {
  let at = 0
  const take = (): Buffer | null => {
    if (at + 2 > body.length) return null
    const length = body.readUInt16BE(at)
    const from = at + 2
    if (from + length > body.length) return null
    at = from + length
    return body.subarray(from, at)
  }
  const name = take()?.toString('latin1')
  if (name !== 'MQTT' && name !== 'MQIsdp') return malformed('protocol-name')
  const level = body[at++]
  const flags = body[at++]
  if (level === undefined) return malformed('truncated')
  if (name === 'MQTT' ? level !== 4 : level !== 3) return { outcome: 'version', level }
  if (flags === undefined || at + 2 > body.length) return malformed('truncated')
  const keepAliveSeconds = body.readUInt16BE(at)
  at += 2

  const hasWill = (flags & 4) !== 0
  const willQos = (flags >> 3) & 3
  if ((flags & 1) !== 0 || willQos === 3 || (!hasWill && (flags & 0x38) !== 0)) return malformed('connect-flags')
  const hasUserName = (flags & 0x80) !== 0
  const hasPassword = (flags & 0x40) !== 0
  if (hasPassword && !hasUserName) return malformed('connect-flags')

  const clientId = take()
  if (clientId === null) return malformed('truncated')
  let will: ConnectPacket['will'] = null
  if (hasWill) {
    const topic = take()
    const payload = take()
    if (topic === null || payload === null) return malformed('truncated')
    if (!isMqttText(topic)) return malformed('topic-utf8')
    will = { topic: topic.toString('utf8'), payload: Buffer.from(payload), qos: willQos }
  }
  const userName = hasUserName ? take() : null
  const password = hasPassword ? take() : null
  if ((hasUserName && userName === null) || (hasPassword && password === null)) return malformed('truncated')
  if (at !== body.length) return malformed('trailing-bytes')
  if (!isMqttText(clientId) || (userName !== null && !isMqttText(userName))) return malformed('text-utf8')
  return {
    outcome: 'ok',
    connect: {
      protocol: level === 4 ? 4 : 3,
      clean: (flags & 2) !== 0,
      keepAliveSeconds,
      clientId: clientId.toString('utf8'),
      will,
      userName: userName === null ? null : userName.toString('utf8'),
      password: password === null ? null : Buffer.from(password),
    },
  }
}

/**
 * The CONNECT that aedes sees for a session that the gate has let in: MQTT 3.1.1 with the device as client id, nothing else.
 * No keep-alive (the gate keeps it, for the telemetry that aedes does not see), no will and no credentials (the gate's too).
 */
export const plainConnect = (clientId: string, clean: boolean): Buffer => {
  const id = Buffer.from(clientId)
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, clean ? 2 : 0, 0, 0, id.length >> 8, id.length & 255])
  const length = head.length + id.length
  if (length > 127) throw new RangeError('a device id is at most 64 bytes')
  return Buffer.concat([Buffer.from([0x10, length]), head, id])
}

import { readFileSync } from 'node:fs'
import { connect, createSecureContext, type TLSSocket } from 'node:tls'
import type { BenchFleet } from './edge-fleet.ts'

// Raw MQTT load in a process of its own: `edge-load.ts '{"fleetFile":..,"port":..,"connections":..,"window":..|"perSecond":..}'`.
// Prints `ready` when all are connected; then each line on stdin is `measure SECONDS`, answered by a line of JSON; `stop` ends it.

export interface LoadOptions {
  readonly fleetFile: string
  readonly port: number
  readonly connections: number
  /** Messages in flight of each connection; a PUBACK sends the next. */
  readonly window?: number
  /** Instead: messages a second of each connection, whatever is acknowledged. */
  readonly perSecond?: number
  /** Each message has its own time, sequence number and believable values: for a whole platform, whose detectors read them. */
  readonly lives?: boolean
}

export interface LoadFigures {
  readonly sent: number
  readonly acknowledged: number
  readonly seconds: number
  readonly ackMs: { readonly p50: number; readonly p99: number }
  readonly lost: number
}

const frameBytes = 222
const sampledEvery = 16
const rateTickMs = 10
const connectingMax = 50

const options = JSON.parse(process.argv[2]!) as LoadOptions
const fleet = JSON.parse(readFileSync(options.fleetFile, 'utf8')) as BenchFleet
const window = options.window ?? 1

let sent = 0
let acknowledged = 0
let lost = 0
let samples: number[] = []

const connectFrame = (device: string): Buffer => {
  const id = Buffer.from(device)
  return Buffer.concat([Buffer.from([0x10, 12 + id.length, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, id.length]), id])
}
const publishFrame = (device: string, packetId: number): Buffer => {
  const topic = Buffer.from(`v1/${fleet.site}/${device}/telemetry`)
  const body =
    '{"ts":1795466400123,"seq":12345,"fw":"1.0.0","bat":87,"vitals":{"hr":72.5,"spo2":97.2,"rr":15.1,"temp":36.9,"sys":121,"dia":79},"p":"'
  const payloadBytes = frameBytes - 3 - 2 - topic.length - 2
  const payload = Buffer.from(`${body}${'x'.repeat(payloadBytes - body.length - 2)}"}`)
  const length = frameBytes - 3
  return Buffer.concat([
    Buffer.from([0x32, (length & 127) | 128, length >> 7, topic.length >> 8, topic.length & 255]),
    topic,
    Buffer.from([packetId >> 8, packetId & 255]),
    payload,
  ])
}

/** As `publishFrame`, alive. */
const livingFrame = (device: string, packetId: number, seq: number): Buffer => {
  const topic = Buffer.from(`v1/${fleet.site}/${device}/telemetry`)
  const hr = 70 + (seq % 5)
  const payload = Buffer.from(
    `{"ts":${Date.now()},"seq":${seq},"fw":"1.0.0","bat":87,"vitals":{"hr":${hr},"spo2":${96 + (seq % 3)},"resp":${14 + (seq % 3)},"temp":36.9}}`,
  )
  const length = 2 + topic.length + 2 + payload.length
  return Buffer.concat([
    Buffer.from([0x32, (length & 127) | 128, length >> 7, topic.length >> 8, topic.length & 255]),
    topic,
    Buffer.from([packetId >> 8, packetId & 255]),
    payload,
  ])
}

interface Connection {
  readonly device: string
  seq: number
  readonly socket: TLSSocket
  /** The window's frames twice over: any run of acknowledged ones is answered by one slice. */
  readonly frames: Buffer
  next: number
  readonly sentAt: number[] | null
}

const open = (index: number): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const { device, keyPem, certificatePem } = fleet.devices[index]!
    const frames = Array.from({ length: window }, (_, slot) => publishFrame(device, slot + 1))
    const socket = connect({
      host: '127.0.0.1',
      port: options.port,
      secureContext: createSecureContext({ key: keyPem, cert: certificatePem }),
      // A load generator: it is the server that is measured.
      rejectUnauthorized: false,
    })
    const connection: Connection = {
      device,
      seq: 0,
      socket,
      frames: Buffer.concat([...frames, ...frames]),
      next: 0,
      sentAt: index % sampledEvery === 0 ? [] : null,
    }
    socket.setNoDelay(true)
    socket.on('secureConnect', () => socket.write(connectFrame(device)))
    socket.on('error', reject)
    socket.on('close', () => lost++)
    socket.once('data', (first) => {
      if (first[0] !== 0x20 || first[3] !== 0) return reject(new Error(`CONNACK ${first.toString('hex')}`))
      socket.on('data', (chunk: Buffer) => acks(connection, chunk.length >> 2))
      resolve(connection)
    })
  })

const send = (connection: Connection, count: number): void => {
  sent += count
  if (connection.sentAt !== null) {
    const now = performance.now()
    for (let i = 0; i < count; i++) connection.sentAt.push(now)
  }
  if (options.lives === true) {
    const seq = ++connection.seq
    connection.socket.write(livingFrame(connection.device, (seq % 65_535) + 1, seq))
    return
  }
  const from = connection.next * frameBytes
  connection.next = (connection.next + count) % window
  connection.socket.write(connection.frames.subarray(from, from + count * frameBytes))
}

const acks = (connection: Connection, count: number): void => {
  acknowledged += count
  if (connection.sentAt !== null) {
    const now = performance.now()
    for (const at of connection.sentAt.splice(0, count)) samples.push(now - at)
  }
  if (options.perSecond === undefined) send(connection, count)
}

const connections: Connection[] = []
for (let i = 0; i < options.connections; i += connectingMax) {
  const batch = Array.from({ length: Math.min(connectingMax, options.connections - i) }, (_, k) => open(i + k))
  connections.push(...(await Promise.all(batch)))
}
if (options.perSecond === undefined) for (const connection of connections) send(connection, window)
else {
  // Spread evenly over the period, as a fleet's clocks are.
  const start = performance.now()
  let due = 0
  setInterval(() => {
    const target = ((performance.now() - start) / 1_000) * options.perSecond! * connections.length
    while (due < target) send(connections[due++ % connections.length]!, 1)
  }, rateTickMs)
}
console.log('ready')

const quantile = (sorted: readonly number[], q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0

process.stdin.on('data', (line: Buffer) => {
  const [word, seconds] = line.toString().trim().split(' ')
  if (word === 'stop') process.exit(0)
  const before = { sent, acknowledged, at: performance.now() }
  samples = []
  setTimeout(
    () => {
      const sorted = samples.sort((a, b) => a - b)
      const figures: LoadFigures = {
        sent: sent - before.sent,
        acknowledged: acknowledged - before.acknowledged,
        seconds: (performance.now() - before.at) / 1_000,
        ackMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) },
        lost,
      }
      console.log(JSON.stringify(figures))
    },
    Number(seconds) * 1_000,
  )
})

import { type Server, type Socket, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
// oxlint-disable-next-line no-restricted-imports -- a fixture of tests: something to speak MQTT to
import { Aedes, type Client } from 'aedes'

export interface Received {
  readonly client: string
  readonly topic: string
  readonly payload: Buffer
  readonly dup: boolean
}

export interface TestBroker {
  readonly port: number
  readonly received: readonly Received[]
  readonly connects: readonly {
    readonly client: string
    readonly address: string
    readonly userName: string | null
    readonly accepted: boolean
  }[]
  readonly subscriptions: readonly { readonly client: string; readonly filter: string }[]
  readonly wills: readonly string[]
  /** Resolves when `fits` holds; asked again whenever something happened. */
  until(fits: () => boolean): Promise<void>
  send(topic: string, payload: string): Promise<void>
  /** Cuts every connection at once. */
  cut(): void
  stop(): Promise<void>
}

export interface TestBrokerOptions {
  readonly port?: number
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string }
  readonly authenticate?: (client: string, userName: string | null, password: string | null) => boolean
  /** Called before a PUBLISH is acknowledged; false lets it hang without an answer. */
  readonly acknowledge?: (received: Received) => boolean
}

/** A small MQTT broker that writes down what it hears: aedes with open ears. */
export const startTestBroker = async (options: TestBrokerOptions = {}): Promise<TestBroker> => {
  const received: Received[] = []
  const connects: { client: string; address: string; userName: string | null; accepted: boolean }[] = []
  const subscriptions: { client: string; filter: string }[] = []
  const wills: string[] = []
  let watchers: { readonly fits: () => boolean; readonly resolve: () => void }[] = []
  const happened = (): void => {
    const ready = watchers.filter(({ fits }) => fits())
    watchers = watchers.filter((watcher) => !ready.includes(watcher))
    for (const { resolve } of ready) resolve()
  }
  const aedes = await Aedes.createBroker({ concurrency: 1_000 })
  const addressOf = (client: Client): string => (client.conn as Socket).remoteAddress ?? ''
  aedes.authenticate = (client, userName, password, done) => {
    const name = userName ?? null
    const accepted = options.authenticate?.(client.id, name, password?.toString() ?? null) ?? true
    connects.push({ client: client.id, address: addressOf(client), userName: name, accepted })
    done(null, accepted)
    happened()
  }
  aedes.authorizePublish = (client, packet, done) => {
    if (client === null) return done(null)
    if (packet.topic.endsWith('/status')) {
      // aedes asks for a will in its client's name; simulated devices say nothing else on `status`.
      wills.push(packet.topic)
      done(null)
      return happened()
    }
    const dup = (packet as { dup?: boolean }).dup === true
    const message = { client: client.id, topic: packet.topic, payload: Buffer.from(packet.payload), dup }
    received.push(message)
    if (options.acknowledge?.(message) !== false) done(null)
    happened()
  }
  aedes.authorizeSubscribe = (client, subscription, done) => {
    subscriptions.push({ client: client?.id ?? '', filter: subscription.topic })
    done(null, subscription)
    happened()
  }
  const sockets = new Set<Socket>()
  const accept = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      happened()
    })
    aedes.handle(socket)
  }
  const server: Server =
    options.tls === undefined
      ? createServer(accept)
      : createTlsServer({ ...options.tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }, accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as { port: number }).port,
    received,
    connects,
    subscriptions,
    wills,
    until: (fits) =>
      new Promise((resolve) => {
        watchers.push({ fits, resolve })
        happened()
      }),
    send: (topic, payload) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false } as const
        aedes.publish(packet, (error) => (error === undefined || error === null ? resolve() : reject(error)))
      }),
    cut,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        cut()
      })
      // Not waited for: a client whose PUBLISH was left hanging keeps aedes busy for its whole keep-alive.
      aedes.close()
    },
  }
}

import { type Socket, connect as connectTcp, isIP } from 'node:net'
import { checkServerIdentity, type SecureContext, connect as connectTls, createSecureContext } from 'node:tls'
import { MqttClient } from 'mqtt'

/** How a device proves who it is. PEM texts; without `caPem` the connection is plain TCP (tests only). */
export interface Credentials {
  readonly caPem?: string
  readonly certificatePem?: string
  readonly privateKeyPem?: string
  readonly userName?: string
  readonly password?: string
}

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  /** The name or address that the server's certificate must carry, when it is not `host`. */
  readonly serverName?: string
  readonly clientId: string
  readonly credentials: Credentials
  /** Made once by `secureContextOf` and used for every attempt: parsing keys is half of a connect's cost. */
  readonly secureContext: SecureContext | null
  readonly keepAliveSeconds: number
  readonly connectTimeoutMs: number
  readonly will?: { readonly topic: string; readonly payload: Buffer }
  /** Source address, e.g. `127.6.6.1`; the system's choice without. */
  readonly localAddress?: string
  readonly onMessage?: (topic: string, payload: Buffer) => void
  /** Called once after the connection is gone, whoever ended it. */
  readonly onClosed?: () => void
}

/** One live MQTT connection: no queue, no reconnect. After it has closed every call answers false. */
export interface Connection {
  readonly localAddress: string | undefined
  /** QoS 1. `done(true)` on PUBACK; `done(false)` when the connection went before. */
  publish(topic: string, payload: Buffer, dup: boolean, done: (acknowledged: boolean) => void): void
  /** Granted QoS, or null when it was refused or the connection went. */
  subscribe(filter: string): Promise<number | null>
  /** DISCONNECT, then close. */
  end(): Promise<void>
  /** Cuts the socket without a word. */
  destroy(): void
}

/** `returnCode` is the CONNACK's, null when it did not get so far. */
export interface ConnectFailure {
  readonly returnCode: number | null
  readonly detail: string
}

export type ConnectOutcome = { readonly ok: true; readonly connection: Connection } | ({ readonly ok: false } & ConnectFailure)

/** The TLS side of credentials, or null for plain TCP. Throws on a bad PEM. */
export const secureContextOf = ({ caPem, certificatePem, privateKeyPem }: Credentials): SecureContext | null =>
  caPem === undefined
    ? null
    : createSecureContext({
        ca: caPem,
        minVersion: 'TLSv1.3',
        ...(certificatePem === undefined ? {} : { cert: certificatePem }),
        ...(privateKeyPem === undefined ? {} : { key: privateKeyPem }),
      })

const endMsMax = 1_000

/** A name with several addresses that all refuse gives an error without words of its own. */
const sentenceOf = (error: Error & { readonly code?: string | number | undefined }): string =>
  error.message || String(error.code ?? error.name)

const dial = ({ host, port, serverName, secureContext, localAddress }: ConnectOptions): Socket => {
  const where = { host, port, ...(localAddress === undefined ? {} : { localAddress }) }
  if (secureContext === null) return connectTcp(where)
  if (serverName === undefined) return connectTls({ ...where, secureContext })
  // An address is not allowed as TLS's server name (RFC 6066), but is one in a certificate.
  return isIP(serverName) === 0
    ? connectTls({ ...where, secureContext, servername: serverName })
    : connectTls({ ...where, secureContext, checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate) })
}

/**
 * Signs in once, through MQTT.js (measured at 5,000 certificates of their own: 131 kB a connection on Node, 37 kB on Bun; a bare
 * socket 109 and 25: not worth an own client). Expected failures are values: refused, unreachable, timed out.
 */
export const openConnection = (options: ConnectOptions): Promise<ConnectOutcome> =>
  new Promise((resolve) => {
    let lastError = 'closed before CONNACK'
    let settled = false
    let live = false
    let socket: Socket
    try {
      socket = dial(options)
    } catch (error) {
      resolve({ ok: false, returnCode: null, detail: String(error) })
      return
    }
    socket.setNoDelay(true)
    socket.on('error', (error) => (lastError = sentenceOf(error)))
    const { credentials, will } = options
    const client = new MqttClient(() => socket, {
      clientId: options.clientId,
      keepalive: options.keepAliveSeconds,
      connectTimeout: options.connectTimeoutMs,
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      ...(credentials.userName === undefined ? {} : { username: credentials.userName }),
      ...(credentials.password === undefined ? {} : { password: credentials.password }),
      ...(will === undefined ? {} : { will: { topic: will.topic, payload: will.payload, qos: 1 as const, retain: false } }),
    })

    const fail = (returnCode: number | null): void => {
      if (settled) return
      settled = true
      client.end(true)
      resolve({ ok: false, returnCode, detail: lastError })
    }
    const close = (): void => {
      if (!live) return
      live = false
      client.end(true)
      options.onClosed?.()
    }

    client.on('error', (error) => {
      lastError = sentenceOf(error)
      if (!live) fail('code' in error && typeof error.code === 'number' ? error.code : null)
    })
    client.on('close', () => {
      fail(null)
      close()
    })
    client.on('message', (topic, payload) => options.onMessage?.(topic, payload))
    client.once('connect', () => {
      if (settled) return
      settled = true
      live = true
      resolve({
        ok: true,
        connection: {
          localAddress: socket.localAddress,
          publish(topic, payload, dup, done) {
            if (!live) return done(false)
            client.publish(topic, payload, { qos: 1, dup }, (error) => done(error === undefined || error === null))
          },
          subscribe: (filter) =>
            new Promise((granted) => {
              if (!live) return granted(null)
              const lost = (): void => granted(null)
              socket.once('close', lost)
              client.subscribe(filter, { qos: 1 }, (error, grants) => {
                socket.off('close', lost)
                const qos = grants?.[0]?.qos
                granted(error !== null || qos === undefined || qos > 2 ? null : qos)
              })
            }),
          end: () =>
            new Promise((ended) => {
              if (!live) return ended()
              // MQTT.js waits for outstanding acknowledgements before it says DISCONNECT: a broker that is stuck must not hold us.
              const deadline = setTimeout(() => socket.destroy(), endMsMax)
              socket.once('close', () => {
                clearTimeout(deadline)
                ended()
              })
              client.end(false)
            }),
          destroy: () => {
            socket.destroy()
          },
        },
      })
    })
  })

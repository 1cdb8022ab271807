import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { RefusalReason } from '../contracts/observation.ts'
import { plainAddress } from './address.ts'
import type { AddressList } from './address-list.ts'
import type { HalfOpen } from './half-open.ts'
import type { EdgeLimits } from './limits.ts'
import { handshakeRefusal, type PeerVerdict } from './peer.ts'
import { createProxyFront } from './proxy-front.ts'

export interface TlsMaterial {
  readonly keyPem: string
  readonly certificatePem: string
  /** The authority, or authorities, that sign device certificates. */
  readonly caPem: string
}

export interface ListenerOptions {
  readonly tls: TlsMaterial
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly reusePort: boolean
  readonly limits: EdgeLimits
  readonly now: () => number
  /** Asked for each TCP connection before anything is spent on it; a reason refuses it. */
  readonly admit: (address: string) => RefusalReason | null
  readonly halfOpen: HalfOpen
  /** Load balancers, which have to tell the source in a PROXY header. Without it no header is read and nothing stands before TLS. */
  readonly proxyFrom?: AddressList
  /**
   * What a finished handshake proves; a promise where that can't be told yet: until then it counts as unfinished. `address` is where it comes from,
   * behind a load balancer too.
   */
  readonly judge: (socket: TLSSocket, address: string) => PeerVerdict | Promise<PeerVerdict>
  /** A judged handshake; the socket has not been read from. */
  readonly secured: (socket: TLSSocket, verdict: PeerVerdict) => void
  /** A connection that ended before its handshake did, or was not admitted. */
  readonly refused: (address: string, reason: RefusalReason) => void
}

export interface Listener {
  readonly port: number
  readonly handshakes: number
  /** Takes no more connections and drops unfinished handshakes. */
  close(): void
}

const listen = async (server: Server, options: { host: string; port: number; reusePort: boolean }): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: 4_096, ...(options.reusePort ? { reusePort: true } : {}) }, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')
  return address.port
}

interface Handshake {
  readonly socket: Socket
  readonly address: string
  /** Of the half-open. */
  readonly leave: () => void
  reason: RefusalReason
}

/**
 * TLS 1.3, a client certificate asked for but judged by `peer.ts`: every handshake may finish, so that each refusal has its reason and
 * address on both runtimes. Node gives `connection` the raw socket and `secureConnection` another; Bun gives the same
 * one twice; both have the same address and port, so that is what a handshake is known by.
 */
export const startListener = async (options: ListenerOptions): Promise<Listener> => {
  const { limits, tls } = options
  const handshakes = new Map<string, Handshake>()
  const known = (socket: Socket): string => `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`
  /** Sources of connections that a PROXY header, or the lack of one, has let through. */
  const sources = new WeakMap<Socket, string>()

  const server = createServer({
    key: tls.keyPem,
    cert: tls.certificatePem,
    ca: tls.caPem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    handshakeTimeout: limits.handshakeTimeoutMs,
    noDelay: true,
    // Tickets are for the same listener; a fixed context makes Node accept its own across restarts of the same key only.
    sessionIdContext: 'wardwatch-edge',
  })
  server.prependListener('connection', (socket: Socket) => {
    const source = sources.get(socket)
    const address = source ?? plainAddress(socket.remoteAddress)
    const refusal = source === undefined ? options.admit(address) : null
    if (refusal !== null) {
      options.refused(address, refusal)
      // Bun may not have given the socket its handle yet in this turn: an error of the destroyed handshake has no listener otherwise.
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    const key = known(socket)
    const leave = options.halfOpen.enter(address, () => {
      handshakes.delete(key)
      options.refused(address, 'connections-max')
      socket.on('error', () => {})
      socket.destroy()
    })
    const handshake: Handshake = { socket, address, leave, reason: 'tls-handshake' }
    handshakes.set(key, handshake)
    socket.once('close', () => {
      leave()
      if (handshakes.get(key) !== handshake) return
      handshakes.delete(key)
      options.refused(address, handshake.reason)
    })
  })
  server.on('secureConnection', (socket) => {
    const key = known(socket)
    const handshake = handshakes.get(key)
    if (handshake === undefined) {
      // Refused or closed meanwhile.
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    const judged = (verdict: PeerVerdict): void => {
      // Closed while it was judged: the handshake's own end tells it.
      if (handshakes.get(key) !== handshake || socket.destroyed) return
      handshakes.delete(key)
      handshake.leave()
      options.secured(socket, verdict)
    }
    const verdict = options.judge(socket, handshake.address)
    if (!(verdict instanceof Promise)) {
      judged(verdict)
      return
    }
    handshake.reason = 'no-certificate'
    socket.on('error', () => {})
    void verdict.then(judged)
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const handshake = handshakes.get(known(socket)) ?? (front === null ? undefined : justDestroyed())
    if (handshake !== undefined) handshake.reason = handshakeRefusal(error.code)
    socket.destroy()
  })
  /** On Bun a handed-over connection has lost its address when its handshake fails; it is the one that has been destroyed and not closed yet. */
  const justDestroyed = (): Handshake | undefined => {
    for (const handshake of handshakes.values()) if (handshake.socket.destroyed) return handshake
    return undefined
  }
  const front =
    options.proxyFrom === undefined
      ? null
      : createProxyFront({
          proxyFrom: options.proxyFrom,
          limits,
          admit: options.admit,
          refused: options.refused,
          halfOpen: options.halfOpen,
          handOver(socket, address) {
            sources.set(socket, address)
            server.emit('connection', socket)
          },
        })
  const port = await listen(front?.server ?? server, options)
  server.on('error', () => {})
  front?.server.on('error', () => {})
  return {
    port,
    get handshakes() {
      return handshakes.size + (front?.waiting ?? 0)
    },
    close() {
      if (front === null) server.close()
      else front.close()
      const open = [...handshakes.values()]
      handshakes.clear()
      for (const { socket, leave } of open) {
        leave()
        socket.destroy()
      }
    },
  }
}

/** A listener without TLS, for a bench or a test on loopback: who connects is nobody until a password says otherwise. */
export const startPlainListener = async (
  options: Pick<ListenerOptions, 'host' | 'port' | 'admit' | 'refused'> & { readonly opened: (socket: Socket) => void },
): Promise<Listener> => {
  const server = createPlainServer({ noDelay: true }, (socket) => {
    const address = plainAddress(socket.remoteAddress)
    const refusal = options.admit(address)
    if (refusal === null) options.opened(socket)
    else {
      options.refused(address, refusal)
      socket.destroy()
    }
  })
  const port = await listen(server, { ...options, reusePort: false })
  server.on('error', () => {})
  return { port, handshakes: 0, close: () => void server.close() }
}

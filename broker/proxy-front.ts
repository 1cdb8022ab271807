import { createServer, type Server, type Socket } from 'node:net'
import type { RefusalReason } from '../contracts/observation.ts'
import { plainAddress } from './address.ts'
import type { AddressList } from './address-list.ts'
import type { HalfOpen } from './half-open.ts'
import type { EdgeLimits } from './limits.ts'
import { parseProxyHeader, proxySignature } from './proxy-header.ts'

export interface ProxyFront {
  readonly server: Server
  /** Connections whose first bytes have not come yet. */
  readonly waiting: number
  close(): void
}

interface Arrival {
  readonly socket: Socket
  /** Where the TCP connection comes from: the load balancer. */
  readonly via: string
  readonly listed: boolean
  readonly timer: ReturnType<typeof setTimeout>
  /** Of the half-open. */
  readonly leave: () => void
  received: Buffer
  /** The load balancer spoke for itself: a health check, unless more comes. */
  local: boolean
}

const nothing = Buffer.alloc(0)

/**
 * Stands before TLS where load balancers are: an address of `proxyFrom` has to begin with a PROXY header, which tells the address that counts from then
 * on; any other may not, and comes in directly. A health check (a connection of a listed address that ends without a byte of its
 * own) is no observation.
 */
export const createProxyFront = (options: {
  readonly proxyFrom: AddressList
  readonly limits: Pick<EdgeLimits, 'proxyHeaderBytesMax' | 'proxyHeaderTimeoutMs' | 'handshakeTimeoutMs'>
  readonly admit: (address: string) => RefusalReason | null
  readonly refused: (address: string, reason: RefusalReason) => void
  /** TLS may begin. What came behind the header has been put back; the socket is paused. */
  readonly handOver: (socket: Socket, address: string) => void
  /** Those that wait here and handshakes that are not finished share one limit. */
  readonly halfOpen: HalfOpen
}): ProxyFront => {
  const { proxyFrom, limits, refused } = options
  const arrivals = new Set<Arrival>()

  const letGo = (arrival: Arrival): boolean => {
    clearTimeout(arrival.timer)
    arrival.leave()
    return arrivals.delete(arrival)
  }

  const refuse = (arrival: Arrival, reason: RefusalReason): void => {
    if (!letGo(arrival)) return
    refused(arrival.via, reason)
    arrival.socket.destroy()
  }

  const handOver = (arrival: Arrival, address: string, onData: (chunk: Buffer) => void, rest: Buffer): void => {
    const { socket } = arrival
    letGo(arrival)
    socket.removeListener('data', onData)
    // A listed address was not counted when it connected: what it brings is counted by where it comes from.
    const refusal = arrival.listed ? options.admit(address) : null
    if (refusal !== null) {
      refused(address, refusal)
      socket.destroy()
      return
    }
    socket.pause()
    if (rest.length > 0) socket.unshift(rest)
    options.handOver(socket, address)
  }

  const read = (arrival: Arrival, onData: (chunk: Buffer) => void): void => {
    const { listed, via, received } = arrival
    if (!listed) {
      // One byte tells: a TLS record begins otherwise.
      if (received[0] === proxySignature[0]) refuse(arrival, 'proxy-unlisted')
      else handOver(arrival, via, onData, received)
      return
    }
    if (arrival.local) {
      handOver(arrival, via, onData, received)
      return
    }
    const header = parseProxyHeader(received, limits.proxyHeaderBytesMax)
    if (header.outcome === 'more') return
    if (header.outcome === 'malformed') {
      refuse(arrival, 'proxy-header')
      return
    }
    const rest = received.subarray(header.bytes)
    if (header.source === null && rest.length === 0) {
      arrival.local = true
      arrival.received = nothing
      return
    }
    handOver(arrival, header.source ?? via, onData, rest)
  }

  const late = (arrival: Arrival): void => refuse(arrival, arrival.listed && !arrival.local ? 'proxy-timeout' : 'handshake-timeout')

  const server = createServer({ noDelay: true }, (socket) => {
    // Whatever the error, 'close' follows.
    socket.on('error', () => {})
    if (socket.remoteAddress === undefined) {
      // It has been reset already, as haproxy ends its health checks: nobody is there, and whose it was can't be told.
      socket.destroy()
      return
    }
    const via = plainAddress(socket.remoteAddress)
    const listed = proxyFrom.has(via)
    const refusal = listed ? null : options.admit(via)
    if (refusal !== null) {
      refused(via, refusal)
      socket.destroy()
      return
    }
    const arrival: Arrival = {
      socket,
      via,
      listed,
      leave: options.halfOpen.enter(via, () => refuse(arrival, 'connections-max')),
      timer: setTimeout(() => late(arrival), listed ? limits.proxyHeaderTimeoutMs : limits.handshakeTimeoutMs),
      received: nothing,
      local: false,
    }
    arrivals.add(arrival)
    const onData = (chunk: Buffer): void => {
      if (!arrivals.has(arrival)) return
      arrival.received = arrival.received.length === 0 ? chunk : Buffer.concat([arrival.received, chunk])
      read(arrival, onData)
    }
    socket.on('data', onData)
    socket.once('close', () => {
      if (!letGo(arrival)) return
      if (!listed) refused(via, 'tls-handshake')
      else if (arrival.received.length > 0) refused(via, 'proxy-header')
    })
  })

  return {
    server,
    get waiting() {
      return arrivals.size
    },
    close() {
      server.close()
      for (const arrival of arrivals) {
        letGo(arrival)
        arrival.socket.destroy()
      }
    },
  }
}

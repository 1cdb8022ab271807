import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

interface SocketArguments {
  readonly host: string
  readonly port: number
  readonly ssl: ConnectionOptions
  readonly onConnect: () => void
}

/**
 * Connections of a client that tell what goes over them.
 *
 * @param onRequest called with the kind of each request that is handed to a socket
 * @param onProduced called with what became of each produce request: null, or its error (`mended-connection.ts`)
 */
export const createSocketFactory = (onRequest: (api: number) => void, onProduced: (error: unknown) => void) => {
  const open = ({ host, port, ssl, onConnect }: SocketArguments): Socket => {
    const socket: Socket = ssl
      ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect)
    socket.setKeepAlive(true, 60_000)
    socket.setNoDelay(true)
    const unref = socket.unref.bind(socket)
    // kafkajs lets go of a connection that never came about again and again, and each time left a listener behind.
    socket.unref = () => (socket.connecting || socket.destroyed ? socket : unref())
    const write = socket.write.bind(socket) as (data: unknown, ...rest: unknown[]) => boolean
    socket.write = (data: unknown, ...rest: unknown[]) => {
      // A request is its size, then its kind.
      if (Buffer.isBuffer(data) && data.length >= 6) onRequest(data.readInt16BE(4))
      return write(data, ...rest)
    }
    return socket
  }
  return Object.assign(open, { onProduced })
}

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressKey } from '../accounts/sign-in-delay.ts'
import type { ApiLimits } from './limits.ts'

/** Bounds what an address may hold open, and how long a connection may be silent before it asks anything. Whoever is over it is hung up on. */
export const limitConnections = (
  server: Pick<Server, 'on' | 'maxConnections' | 'headersTimeout'>,
  limits: Pick<ApiLimits, 'connectionsMax' | 'connectionsPerAddressMax' | 'headersMs'>,
): void => {
  const byAddress = new Map<string, number>()
  server.maxConnections = limits.connectionsMax
  server.headersTimeout = limits.headersMs
  server.on('connection', (socket: Socket) => {
    const key = addressKey(socket.remoteAddress ?? '')
    const here = (byAddress.get(key) ?? 0) + 1
    if (here > limits.connectionsPerAddressMax) {
      socket.destroy()
      return
    }
    byAddress.set(key, here)
    socket.once('close', () => {
      const left = byAddress.get(key)! - 1
      if (left === 0) byAddress.delete(key)
      else byAddress.set(key, left)
    })
  })
}

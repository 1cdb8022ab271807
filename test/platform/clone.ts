import { type Connection, type Credentials, openConnection, secureContextOf } from '../../simulators/mqtt-connection.ts'

/** Two machines with one device's key wrest its session from each other until `cloned-identity` tells it: a critical finding. */
export const wrestSession = async (mqttPort: number, device: string, credentials: Credentials): Promise<void> => {
  const secureContext = secureContextOf(credentials)
  const open: Connection[] = []
  for (const localAddress of ['127.8.0.1', '127.8.0.2', '127.8.0.1', '127.8.0.2']) {
    const outcome = await openConnection({
      host: '127.0.0.1',
      port: mqttPort,
      serverName: 'localhost',
      clientId: device,
      credentials,
      secureContext,
      keepAliveSeconds: 30,
      connectTimeoutMs: 10_000,
      localAddress,
    })
    if (!outcome.ok) throw new Error(`${device} was refused: ${outcome.detail}`)
    open.push(outcome.connection)
  }
  for (const connection of open) connection.destroy()
}

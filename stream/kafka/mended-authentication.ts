import { createRequire } from 'node:module'
import { type Connection, connectionLost } from './mended-connection.ts'

/** Of kafkajs's `SASLAuthenticator`, what is mended. */
interface Authenticator {
  readonly connection: Connection
  authenticate(): Promise<void>
}

const { prototype: authenticator } = createRequire(import.meta.url)('kafkajs/src/broker/saslAuthenticator/index.js') as {
  prototype: Authenticator
}

// kafkajs calls whatever goes wrong meanwhile a failed authentication, which only people can mend, and goes on using the connection. Only the
// broker's word, or one of its that proves it false, is that.
// oxlint-disable-next-line typescript/unbound-method
const authenticate = authenticator.authenticate
authenticator.authenticate = async function authenticateOrEnd(this: Authenticator): Promise<void> {
  const { connection } = this
  connection.authenticationError = undefined
  try {
    await authenticate.call(this)
  } catch (error) {
    void connection.disconnect()
    const { authenticationError: lost } = connection
    if (!(lost instanceof Error) || lost.name === 'KafkaJSProtocolError') throw error
    throw connectionLost(connection, `the connection was lost while it was authenticated: ${lost.message}`)
  }
}

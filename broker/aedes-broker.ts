import { Aedes, type Client } from 'aedes'
import mqttPacket from 'mqtt-packet'
import type { Logger } from '../contracts/logger.ts'
import { shownText } from './mqtt-text.ts'
import type { Occurrence } from './observer.ts'
import type { Session } from './session.ts'
import { subscribeDenial } from './subscribe-packet.ts'

// Or the first packet that aedes writes makes a Buffer for each of the 65,536 packet ids and keeps them: 5 MB of objects on Bun, which every
// full garbage collection walks, and by which the heap may grow before there is one.
mqttPacket.writeToStream.cacheNumbers = false

/**
 * aedes behind the gate, which has authenticated and checked. It keeps subscriptions and sessions, and brings commands down; sign-in
 * timeouts, keep-alives and wills are the gate's, and nothing that a client publishes reaches it.
 */
export const startBroker = async (edge: {
  logger: Logger
  sessionOf: (client: Client) => Session | undefined
  /** CONNACK has been sent. */
  ready: (client: Client) => void
  observe: (session: Session, occurrence: Occurrence) => void
  denied: () => void
  /** The device has subscribed to its commands. */
  commandsWanted: (device: string) => void
}): Promise<Aedes> => {
  const { logger, sessionOf } = edge
  const broker = new Aedes({
    authorizeSubscribe: (client, subscription, callback) => {
      const session = sessionOf(client)
      const denial = session === undefined ? 'subscribe-denied' : subscribeDenial(subscription.topic, session.commandTopic)
      if (session !== undefined) {
        const topic = shownText(subscription.topic, 256)
        if (denial === null) {
          // aedes restores the subscription of a kept session without a word.
          if (session.phase === 'signing-in') session.commandQos = subscription.qos
          edge.observe(session, { event: 'subscribe', topic, merge: 'count' })
        } else {
          edge.denied()
          edge.observe(session, { event: 'aclDenied', reason: denial, topic, merge: 'count' })
        }
      }
      callback(null, denial === null ? subscription : null)
    },
    authorizePublish: (_client, _packet, callback) => callback(new Error('the gate takes what devices publish')),
    authorizeForward: (client, packet) => (sessionOf(client)?.commandTopic === packet.topic ? packet : null),
  })
  await broker.listen()
  broker.on('error' as 'closed', ((error: Error) => logger.error({ err: error }, 'aedes reports an error')) as () => void)
  broker.on('clientError', (client, error) => logger.debug({ client: client.id, err: error }, 'aedes gave a connection up'))
  broker.on('connectionError', (_client, error) => logger.debug({ err: error }, 'aedes gave a connection up'))
  broker.on('clientReady', (client) => {
    edge.ready(client)
    const session = sessionOf(client)
    if (session?.phase === 'open' && session.commandQos >= 0) edge.commandsWanted(session.record!.device)
  })
  broker.on('subscribe', (subscriptions, client) => {
    const session = sessionOf(client)
    const own = subscriptions.find(({ topic, qos }) => topic === session?.commandTopic && (qos as number) !== 128)
    if (session !== undefined && own !== undefined) {
      session.commandQos = own.qos
      edge.commandsWanted(client.id)
    }
  })
  broker.on('unsubscribe', (topics, client) => {
    const session = sessionOf(client)
    if (session !== undefined && topics.includes(session.commandTopic)) session.commandQos = -1
  })
  return broker
}

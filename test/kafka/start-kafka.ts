import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import { createAuthority } from '../../registry/authority.ts'
import { loopback, type Place } from '../platform/place.ts'
import { freePort } from '../platform/free-port.ts'
import { kafkaJars } from './kafka-jars.ts'
import { createKafkaContainer } from './kafka-container.ts'
import { createKafkaNode, type KafkaNode } from './kafka-node.ts'
import type { KafkaPlace } from './kafka-offer.ts'

/** A real Kafka of the tests' own: KRaft, on free ports, its data in a temporary folder. */
export interface TestKafka {
  readonly brokers: readonly string[]
  /** The brokers' second listeners, as what stands before them reaches them; none without `behind`. */
  readonly behind: readonly string[]
  /** PEM of the CA behind the brokers' certificates; empty without `secure`. */
  readonly caPem: string
  readonly nodes: readonly KafkaNode[]
  /** Where it all lies. */
  readonly directory: string
  stop(): Promise<void>
}

export interface TestKafkaOptions {
  /** Default: processes. */
  readonly place?: KafkaPlace
  /** 1 or 3. Three replicate everything thrice, with min.insync.replicas 2. */
  readonly nodes?: 1 | 3
  /** The loopback, without. Processes only. */
  readonly at?: Place
  /**
   * A second listener a node, whose clients are sent on to these addresses (host:port, in the nodes' order): what stands before the brokers. With
   * `secure` it asks for the users, without TLS.
   */
  readonly behind?: readonly string[]
  /** TLS with SCRAM-SHA-512 and PLAIN for these users (name: password), and ACLs: nobody but `admin` may do anything until it is allowed. */
  readonly secure?: {
    readonly users: Readonly<Record<string, string>>
    /** Who connects shows a certificate of this CA (PEM) and no password: its common name is the user. Default: none is asked for. */
    readonly clientCaPem?: string
  }
}

interface Ports {
  readonly client: number
  readonly controller: number
  readonly internal: number
  /** Of the second listener. */
  readonly behind: number
}

const properties = (id: number, ports: readonly Ports[], directory: string, options: TestKafkaOptions, host: string): string => {
  const { secure, behind } = options
  const { client, controller, internal, behind: hidden } = ports[id - 1]!
  const second = (address: string): string => (behind === undefined ? '' : `,BEHIND://${address}`)
  const copies = ports.length === 3 ? 3 : 1
  const inSync = ports.length === 3 ? 2 : 1
  const values: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': ports.map((port, i) => `${i + 1}@${host}:${port.controller}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `CLIENT://${host}:${client},INTERNAL://${host}:${internal},CONTROLLER://${host}:${controller}${second(`${host}:${hidden}`)}`,
    'advertised.listeners': `CLIENT://${host}:${client},INTERNAL://${host}:${internal}${second(behind?.[id - 1] ?? '')}`,
    'inter.broker.listener.name': 'INTERNAL',
    'listener.security.protocol.map': `CLIENT:${secure === undefined ? 'PLAINTEXT' : secure.clientCaPem === undefined ? 'SASL_SSL' : 'SSL'},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,BEHIND:${secure === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT'}`,
    'log.dirs': join(directory, 'data'),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'log.cleaner.dedupe.buffer.size': 8_388_608,
    // A killed broker comes back in seconds, not in fifteen.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'log.segment.delete.delay.ms': 1_000,
    'log.index.size.max.bytes': 1_048_576,
  }
  if (secure !== undefined)
    Object.assign(values, {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The listeners between the nodes are the loopback's own and unauthenticated: for tests only.
      'super.users': 'User:admin;User:ANONYMOUS',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512,PLAIN',
      ...Object.fromEntries(
        ['client', 'behind'].flatMap((listener) => [
          [
            `listener.name.${listener}.plain.sasl.jaas.config`,
            `org.apache.kafka.common.security.plain.PlainLoginModule required ${Object.entries(secure.users)
              .map(([name, password]) => `user_${name}="${password}"`)
              .join(' ')};`,
          ],
          [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, 'org.apache.kafka.common.security.scram.ScramLoginModule required;'],
        ]),
      ),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': join(directory, 'server.pem'),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': join(directory, 'ca.pem'),
      'ssl.enabled.protocols': 'TLSv1.3',
      ...(secure.clientCaPem === undefined
        ? {}
        : { 'ssl.client.auth': 'required', 'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT' }),
    })
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Up in about six seconds; `stop` ends it and removes its data. */
export const startKafka = async (options: TestKafkaOptions = {}): Promise<TestKafka> => {
  const { place = 'processes', nodes: count = 1, secure, at = loopback } = options
  const host = at.address
  const jars = place === 'docker' ? null : await kafkaJars()
  if (jars === null && at !== loopback) throw new Error('a container is on the loopback')
  const root = mkdtempSync(join(tmpdir(), 'wardwatch-kafka-'))
  const ports: Ports[] = []
  for (let i = 0; i < count; i++)
    ports.push({ client: await freePort(), controller: await freePort(), internal: await freePort(), behind: await freePort() })
  const id = randomBytes(16)
  // Its first character must not be a hyphen: Kafka's tool takes that for a flag.
  id[0]! &= 0x7f
  const clusterId = id.toString('base64url')
  let caPem = ''
  let serverPem = ''
  if (secure !== undefined) {
    const authority = await createAuthority({ siteName: 'kafka-test', clock: systemClock })
    const issued = await authority.issueServerCertificate({ names: ['localhost'], addresses: [host], days: 2 })
    caPem = authority.certificatePem
    serverPem = `${issued.privateKeyPem}\n${issued.certificatePem}\n`
  }
  const nodes: KafkaNode[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
    rmSync(root, { recursive: true, force: true })
  }
  try {
    for (let id = 1; id <= count; id++) {
      const directory = join(root, `node-${id}`)
      mkdirSync(directory)
      const propertiesFile = join(directory, 'server.properties')
      writeFileSync(propertiesFile, properties(id, ports, directory, options, host), { mode: 0o600 })
      if (secure !== undefined) {
        writeFileSync(join(directory, 'server.pem'), serverPem, { mode: 0o600 })
        writeFileSync(join(directory, 'ca.pem'), secure.clientCaPem ?? caPem)
      }
      const common = { directory, propertiesFile, clusterId, users: secure?.users ?? {} }
      nodes.push(jars === null ? await createKafkaContainer(common) : await createKafkaNode({ jars, place: at, ...common }))
    }
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    brokers: ports.map(({ client }) => `${host}:${client}`),
    behind: options.behind === undefined ? [] : ports.map(({ behind }) => `${host}:${behind}`),
    caPem,
    nodes,
    directory: root,
    stop,
  }
}

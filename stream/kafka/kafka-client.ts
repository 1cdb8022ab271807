import kafkajs, {
  type Assigner,
  type Cluster,
  type Consumer,
  type Kafka,
  type Message,
  type Producer,
  type RecordMetadata,
  type Transaction,
} from 'kafkajs'
import type { Logger } from '../../contracts/logger.ts'
import type { FetchAnswer } from './answer-reader.ts'
import { createSocketFactory } from './counting-sockets.ts'
import { failureOf } from './kafka-failure.ts'
import type {
  KafkaAdmin,
  KafkaClient,
  KafkaMembership,
  KafkaProducer,
  KafkaReader,
  KafkaTransactions,
  MembershipOptions,
  SendOutcome,
  TransactionOutcome,
} from './kafka-ports.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { askFirst, type Coordinator } from './membership-coordinator.ts'
import { mendedKafkajs } from './mended-kafkajs.ts'
import { assignSticky, hadOf } from './sticky-assignment.ts'
import { within } from './within.ts'

// kafkajs looks at NODE_ENV for its defaults, so that a test would try differently: every number is given.
const retry = { initialRetryTime: 50, factor: 0.2, multiplier: 2, maxRetryTime: 1_000, retries: 1 }
const connectMsMax = 4_000
const requestMsMax = 10_000
/** So long a connection is waited for that is to end. */
const closeMsMax = 3_000
const readCommitted = 1
/** Of a deletion in a changelog. */
const keyHeader = 'k'
const transactionMsMax = 30_000
/** Records of a transaction go out in batches of about this size. */
const transactionBatchBytesMax = 786_432
const allReplicas = -1
const produceApi = 0

const { committedOf, fetchedOf } = mendedKafkajs

/** kafkajs's own assigners deal everything out anew at each join and leave: state would move that need not. */
const createStickyAssigner = (cluster: Cluster, had: () => ReadonlySet<string>): Assigner => {
  const name = 'wardwatch-sticky'
  const version = 1
  const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol
  return {
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: MemberMetadata.encode({ version, topics, userData: Buffer.from(JSON.stringify([...had()])) }),
    }),
    async assign({ members, topics }) {
      const assigned = assignSticky(
        topics.map((topic) => ({ topic, partitions: cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId) })),
        members.map(({ memberId, memberMetadata }) => ({
          id: memberId,
          had: hadOf(MemberMetadata.decode(memberMetadata)?.userData.toString() ?? ''),
        })),
      )
      return [...assigned].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version,
          assignment: Object.fromEntries(Object.entries(assignment).map(([topic, partitions]) => [topic, [...partitions]])),
          userData: Buffer.alloc(0),
        }),
      }))
    },
  }
}

/** The broker has said it, of the request itself. */
const isAnswer = (error: unknown): boolean => error instanceof kafkajs.KafkaJSProtocolError
const isNotTaken = (error: unknown): boolean => {
  const { kind } = failureOf(error)
  return isAnswer(error) && (kind === 'refused' || kind === 'rejected')
}

/**
 * The one file that knows kafkajs, with `mended-*.ts`, which mend what is wrong inside it. Beside its public API it uses two things of
 * it, each because nothing else would do:
 * - an assigner is given the `cluster`: with it partitions are read without a group (kafkajs has no other way), every error of a fetch
 *   is seen as it is, and a member is asked before it joins again (kafkajs tells of a rebalance, but does not wait);
 * - produce requests are counted on the socket, to know whether a send that failed can have reached a broker.
 */
export const createKafkaClient = (settings: KafkaSettings, logger: Logger): KafkaClient => {
  const { tls, sasl } = settings
  const createKafka = (onRequest: (api: number) => void = () => {}, onProduced: (error: unknown) => void = () => {}): Kafka =>
    new kafkajs.Kafka({
      clientId: settings.clientId,
      brokers: [...settings.brokers],
      ...(tls === null
        ? {}
        : {
            ssl: {
              minVersion: 'TLSv1.2',
              ...(tls.caPem === null ? {} : { ca: tls.caPem }),
              ...(tls.certificatePem === null ? {} : { cert: tls.certificatePem }),
              ...(tls.keyPem === null ? {} : { key: tls.keyPem }),
            },
          }),
      ...(sasl === null
        ? {}
        : sasl.mechanism === 'plain'
          ? { sasl: { mechanism: 'plain', username: sasl.username, password: sasl.password } }
          : { sasl: { mechanism: 'scram-sha-512', username: sasl.username, password: sasl.password } }),
      connectionTimeout: connectMsMax,
      authenticationTimeout: connectMsMax,
      requestTimeout: requestMsMax,
      retry,
      socketFactory: createSocketFactory(onRequest, onProduced),
      // It calls each lost connection an error; what matters of it is told by who uses it.
      logCreator: () => (entry) => {
        const { message, ...fields } = entry.log
        logger.debug({ kafkajs: entry.namespace, ...('groupId' in fields ? { group: fields['groupId'] as string } : {}) }, message)
      },
    })

  const openProducer = (): KafkaProducer => {
    /** Of this attempt: how many requests went out, and what became of each; kafkajs tries more than once. */
    let sent = 0
    let outcomes: unknown[] = []
    const onRequest = (api: number): void => {
      if (api === produceApi) sent++
    }
    const onProduced = (error: unknown): void => void outcomes.push(error)
    const producer = createKafka(onRequest, onProduced).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // The log has placed each record by the common partitioner already.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
      retry,
    })
    let connecting: Promise<void> | null = null
    let turn: Promise<unknown> = Promise.resolve()
    const attempt = async (topic: string, partition: number, values: readonly Buffer[]): Promise<SendOutcome> => {
      sent = 0
      outcomes = []
      try {
        connecting ??= producer.connect().catch((error: unknown) => {
          connecting = null
          throw error
        })
        await connecting
        const [told] = await producer.send({
          topic,
          acks: allReplicas,
          timeout: requestMsMax,
          messages: values.map((value) => ({ key: null, value, partition })),
        })
        // -1: the topic keeps the producer's time.
        const appendedAtMs = Number(told?.logAppendTime ?? -1)
        return { ok: true, appendedAtMs: appendedAtMs < 0 ? undefined : appendedAtMs }
      } catch (error) {
        const failure = failureOf(error)
        if (failure.kind === 'duplicate') return { ok: true }
        const answered = outcomes.length >= sent && outcomes.every(isAnswer)
        // The last error alone says nothing of what was sent before it.
        const maybeWritten = sent > 0 && !(answered && outcomes.every(isNotTaken))
        // Not answered: a new connection, or a network that came back would be waited for as long as TCP likes. The producer's id
        // and sequence stay.
        if (connecting !== null && !(sent > 0 && answered)) {
          connecting = null
          await within(closeMsMax, producer.disconnect())
        }
        return { ok: false, maybeWritten, failure }
      }
    }
    return {
      send(topic, partition, values) {
        const mine = turn.then(() => attempt(topic, partition, values))
        turn = mine
        return mine
      },
      async close() {
        await within(closeMsMax, turn)
        await within(closeMsMax, producer.disconnect())
      },
    }
  }

  const openTransactions = (name: string): KafkaTransactions => {
    let producer: Producer | null = null
    /** Kafka says this to who has no right to the name, too, and kafkajs forgets which it was. */
    const withReason = (error: unknown): unknown =>
      error instanceof Error && /group coordinator/i.test(error.message)
        ? new Error(
            `Kafka names no coordinator of the transactional id ${name}: it is starting, or this user has no right to write under that name (\`wardwatch kafka acls\`): ${error.message}`,
            { cause: error },
          )
        : error
    const drop = async (): Promise<void> => {
      const before = producer
      producer = null
      if (before !== null) await within(closeMsMax, before.disconnect())
    }
    return {
      async claim() {
        await drop()
        const opened = createKafka().producer({
          transactionalId: name,
          transactionTimeout: transactionMsMax,
          idempotent: true,
          maxInFlightRequests: 1,
          allowAutoTopicCreation: false,
          createPartitioner:
            () =>
            ({ message }) =>
              message.partition!,
          // While the one before is being undone, or its markers are being written, the broker says so and is asked again: soon at first.
          retry: { ...retry, initialRetryTime: 3, retries: 12 },
        })
        try {
          await opened.connect()
          // The first transaction takes the name; an empty one is not told to the broker.
          await (await opened.transaction()).abort()
        } catch (error) {
          await opened.disconnect().catch(() => {})
          throw withReason(error)
        }
        producer = opened
      },
      async write(topic, partition, records) {
        if (producer === null) throw new Error(`${name} has to be claimed before it is written`)
        try {
          const transaction = await producer.transaction()
          let next = 0
          let batch: Message[] = []
          let bytes = 0
          const flush = async (): Promise<void> => {
            const [told] = await transaction.send({ topic, acks: allReplicas, timeout: requestMsMax, messages: batch })
            next = Number(told?.baseOffset ?? 0) + batch.length
            batch = []
            bytes = 0
          }
          for (const { place, sealed, sealedKey } of records) {
            batch.push({ key: place, value: sealed, partition, ...(sealedKey === null ? {} : { headers: { [keyHeader]: sealedKey } }) })
            bytes += place.length + (sealed ?? sealedKey ?? place).length
            if (bytes >= transactionBatchBytesMax) await flush()
          }
          if (batch.length > 0) await flush()
          await transaction.commit()
          return next
        } catch (error) {
          // Whether it was committed is not known: a producer in this state can't go on, and a new claim settles it.
          await drop()
          throw error
        }
      },
      async writeBlobs(parts): Promise<TransactionOutcome> {
        if (producer === null) throw new Error(`${name} has to be claimed before it is written`)
        const failed = async (error: unknown, maybeWritten: boolean): Promise<TransactionOutcome> => {
          await drop()
          return { ok: false, maybeWritten, failure: failureOf(error) }
        }
        let transaction: Transaction
        let told: readonly RecordMetadata[]
        try {
          transaction = await producer.transaction()
          told = await transaction.sendBatch({
            acks: allReplicas,
            timeout: requestMsMax,
            topicMessages: parts.map(({ topic, partition, values }) => ({
              topic,
              messages: values.map((value) => ({ key: null, value, partition })),
            })),
          })
        } catch (error) {
          // Nothing is in the log that was not committed, and that was not asked for.
          return failed(error, false)
        }
        try {
          await transaction.commit()
        } catch (error) {
          const { kind } = failureOf(error)
          return failed(error, kind !== 'refused')
        }
        const nexts = parts.map(({ topic, partition, values }) => {
          const here = told.find(({ topicName, partition: at }) => topicName === topic && at === partition)
          return Number(here?.baseOffset ?? 0) + values.length
        })
        return { ok: true, nexts }
      },
      close: drop,
    }
  }

  /** kafkajs gives its cluster to assigners, and to nobody else. */
  const consumerWithCluster = (
    config: Parameters<Kafka['consumer']>[0],
    had: () => ReadonlySet<string> = () => new Set(),
  ): { consumer: Consumer; cluster: Cluster } => {
    let given: Cluster | null = null
    const consumer = createKafka().consumer({
      ...config,
      allowAutoTopicCreation: false,
      partitionAssigners: [
        ({ cluster }) => {
          given = cluster
          return createStickyAssigner(cluster, had)
        },
      ],
    })
    if (given === null) throw new Error('kafkajs no longer gives an assigner its cluster')
    return { consumer, cluster: given }
  }

  const openReader = (): KafkaReader => {
    // Never run, so it joins no group and needs no right to one.
    const { consumer, cluster } = consumerWithCluster({ groupId: 'none', retry })
    const wanted = new Set<string>()
    return {
      async prepare(topics) {
        await cluster.connect()
        const known = topics.every((topic) => wanted.has(topic))
        for (const topic of topics) wanted.add(topic)
        await cluster.addMultipleTargetTopics([...topics])
        if (known) await cluster.refreshMetadata()
      },
      reset: () => within(closeMsMax, cluster.disconnect()),
      leaderOf(topic, partition) {
        const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)
        return found === undefined || found.leader < 0 ? undefined : String(found.leader)
      },
      async fetch(leader, wishes, { waitMsMax, bytesMax, partitionBytesMax }) {
        const broker = await cluster.findBroker({ nodeId: leader })
        const byTopic = Map.groupBy(wishes, ({ topic }) => topic)
        const { responses } = (await broker.fetch({
          isolationLevel: readCommitted,
          maxWaitTime: waitMsMax,
          minBytes: 1,
          maxBytes: bytesMax,
          topics: [...byTopic].map(([topic, partitions]) => ({
            topic,
            partitions: partitions.map(({ partition, offset }) => ({
              partition,
              fetchOffset: String(offset),
              maxBytes: partitionBytesMax,
            })),
          })),
        })) as FetchAnswer
        const asked = new Map(wishes.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
        return responses.flatMap(({ topicName: topic, partitions }) =>
          partitions.map((answer) => fetchedOf(topic, answer, asked.get(`${topic}/${answer.partition}`)!)),
        )
      },
      async fetchCommitted(leader, { topic, partition, offset }, { waitMsMax, bytesMax, partitionBytesMax }) {
        const broker = await cluster.findBroker({ nodeId: leader })
        const { responses } = (await broker.fetch({
          isolationLevel: readCommitted,
          maxWaitTime: waitMsMax,
          minBytes: 1,
          maxBytes: bytesMax,
          topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: partitionBytesMax }] }],
        })) as FetchAnswer
        const found = responses[0]?.partitions[0]
        const messages = (found?.messages ?? []).filter((message) => Number(message.offset) >= offset)
        const committed = committedOf(messages, found?.abortedTransactions)
        return {
          after: messages.length === 0 ? offset : Number(messages.at(-1)!.offset) + 1,
          records: committed.flatMap(({ key, value, headers, isControlRecord }) =>
            isControlRecord === true ? [] : [{ place: key ?? Buffer.alloc(0), sealed: value, sealedKey: headers?.[keyHeader] ?? null }],
          ),
        }
      },
      async ends(partitions) {
        const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, of]) => ({
          topic,
          partitions: of.map(({ partition }) => ({ partition })),
        }))
        const [earliest, next] = await Promise.all(
          [true, false].map(async (fromBeginning) => {
            const answer = await cluster.fetchTopicsOffset(topics.map((topic) => ({ ...topic, fromBeginning })))
            return new Map(
              answer.flatMap(({ topic, partitions: of }) => of.map((one) => [`${topic}/${one.partition}`, Number(one.offset)])),
            )
          }),
        )
        return partitions.map(({ topic, partition }) => {
          const name = `${topic}/${partition}`
          const from = earliest!.get(name)
          const to = next!.get(name)
          if (from === undefined || to === undefined || from < 0 || to < 0) throw new Error(`no broker says where ${name} begins and ends`)
          return { topic, partition, earliest: from, next: to }
        })
      },
      close: () => within(closeMsMax, consumer.disconnect()),
    }
  }

  const join = (options: MembershipOptions): KafkaMembership => {
    const { group, topics, sessionMs, rebalanceMs } = options
    let closing = false
    let had: ReadonlySet<string> = new Set()
    const config = {
      groupId: group,
      sessionTimeout: sessionMs,
      rebalanceTimeout: rebalanceMs,
      heartbeatInterval: Math.min(1_000, sessionMs / 4),
      // Everything is paused here, so that this is how often it looks whether a heartbeat is due.
      maxWaitTimeInMs: Math.min(250, sessionMs / 8),
      retry: { ...retry, retries: 3, restartOnFailure: async () => !closing },
    }
    const { consumer, cluster } = consumerWithCluster(config, () => had)
    // It reads nothing here, so it need not know where partitions begin; that a new topic's leader did not know yet made it join again.
    cluster.fetchTopicsOffset = async (of) =>
      of.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(({ partition }) => ({ partition, offset: '0' })) }))
    const find = cluster.findGroupCoordinator.bind(cluster)
    /** kafkajs asks its brokers in turn, forgets what they said and then calls it final: asked again, the reason is told. */
    const findTelling = async (of: Parameters<typeof find>[0]): Promise<Coordinator> => {
      try {
        return (await find(of)) as unknown as Coordinator
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'KafkaJSGroupCoordinatorNotFound') throw error
        for (const node of cluster.getNodeIds()) {
          const broker = (await cluster.findBroker({ nodeId: String(node) })) as unknown as Coordinator
          await broker.findGroupCoordinator({ groupId: of.groupId, coordinatorType: 0 })
        }
        throw Object.assign(new Error(error.message), { retriable: true })
      }
    }
    cluster.findGroupCoordinator = async (of) => {
      const coordinator = askFirst(
        await findTelling(of),
        options,
        () => closing,
        () => void within(closeMsMax, consumer.disconnect()),
      )
      return coordinator as never
    }
    // Of one that was replaced nothing is heard any more.
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (closing) return
      // At once, before it fetches anything: it is here for the membership, the reader reads.
      consumer.pause(topics.map((topic) => ({ topic })))
      const assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        (partitions as readonly number[]).map((partition) => ({ topic, partition })),
      )
      had = new Set(assigned.map(({ topic, partition }) => `${topic}/${partition}`))
      options.onJoined(assigned)
    })
    // Without it a consumer that lost its right to read stands still and says nothing.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!closing) options.onTrouble(failureOf(payload.error), !payload.restart)
    })
    return {
      async start() {
        await consumer.connect()
        await consumer.subscribe({ topics: [...topics], fromBeginning: true })
        await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: 1, eachBatch: async () => {} })
      },
      commit: (offsets) =>
        consumer.commitOffsets(offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }))),
      async close() {
        closing = true
        await within(closeMsMax, consumer.disconnect())
      },
    }
  }

  const openAdmin = (): KafkaAdmin => {
    const admin = createKafka().admin({ retry: { ...retry, retries: 5 } })
    let connecting: Promise<void> | null = null
    const connected = async (): Promise<typeof admin> => {
      connecting ??= admin.connect().catch((error: unknown) => {
        connecting = null
        throw error
      })
      await connecting
      return admin
    }
    return {
      async describeTopics(names) {
        const known = new Set(await (await connected()).listTopics())
        const here = names.filter((name) => known.has(name))
        if (here.length === 0) return new Map()
        const { topics } = await admin.fetchTopicMetadata({ topics: here })
        return new Map(
          topics.map(({ name, partitions }) => [name, { partitions: partitions.length, replicas: partitions[0]?.replicas.length ?? 0 }]),
        )
      },
      async describeConfigs(names) {
        try {
          const { resources } = await (
            await connected()
          ).describeConfigs({
            includeSynonyms: false,
            resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
          })
          return new Map(
            resources.map(({ resourceName, configEntries }) => [
              resourceName,
              new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
            ]),
          )
        } catch (error) {
          if (failureOf(error).kind === 'refused') return null
          throw error
        }
      },
      async createTopics(topics) {
        await (
          await connected()
        ).createTopics({
          // kafkajs takes a broker that has not heard of a new topic for a failure: waited for below.
          waitForLeaders: false,
          timeout: requestMsMax,
          topics: topics.map(({ name, partitions, replicationFactor, config }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor,
            configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
          })),
        })
        const names = topics.map(({ name }) => name)
        for (const untilMs = performance.now() + requestMsMax; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
          try {
            const { topics: made } = await admin.fetchTopicMetadata({ topics: names })
            if (made.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))) return
          } catch (error) {
            if (performance.now() > untilMs) throw error
          }
          if (performance.now() > untilMs)
            throw new Error(`topics were created and have no leaders after ${requestMsMax} ms: ${names.join(', ')}`)
        }
      },
      async deleteTopics(names) {
        await (await connected()).deleteTopics({ topics: [...names], timeout: requestMsMax })
      },
      async deleteRecordsBelow(topic, partition, offset) {
        // kafkajs looks for the leader before it has asked who that is.
        await (await connected()).fetchTopicOffsets(topic)
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
      },
      async allow(rules) {
        await (
          await connected()
        ).createAcls({
          acl: rules.map(({ user, operation, resource, name, prefixed }) => ({
            principal: `User:${user}`,
            host: '*',
            operation: operations[operation],
            permissionType: kafkajs.AclPermissionTypes.ALLOW,
            resourceType: resources[resource],
            resourceName: name,
            resourcePatternType: prefixed ? kafkajs.ResourcePatternTypes.PREFIXED : kafkajs.ResourcePatternTypes.LITERAL,
          })),
        })
      },
      async disallow(user) {
        await (
          await connected()
        ).deleteAcls({
          filters: [
            {
              principal: `User:${user}`,
              operation: operation.ANY,
              permissionType: kafkajs.AclPermissionTypes.ANY,
              resourceType: resource.ANY,
              resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
            },
          ],
        })
      },
      close: () => admin.disconnect(),
    }
  }

  return { openProducer, openTransactions, openReader, join, openAdmin }
}

const { AclOperationTypes: operation, AclResourceTypes: resource } = kafkajs
const operations = {
  Read: operation.READ,
  Write: operation.WRITE,
  Create: operation.CREATE,
  Describe: operation.DESCRIBE,
  DescribeConfigs: operation.DESCRIBE_CONFIGS,
} as const
const resources = { topic: resource.TOPIC, group: resource.GROUP, 'transactional-id': resource.TRANSACTIONAL_ID } as const

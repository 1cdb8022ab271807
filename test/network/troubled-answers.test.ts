import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EventLog } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createTestTopics, type KafkaTestTopics } from '../../stream/kafka/open-test-log.ts'
import { createKafkaClient } from '../../stream/kafka/kafka-client.ts'
import type { KafkaSettings } from '../../stream/kafka/kafka-settings.ts'
import { openPlannedKafkaLog } from '../../app/roles/open-planned-kafka-log.ts'
import { createSealer } from '../../stream/seal.ts'
import { ownKafka } from '../kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../kafka/start-kafka.ts'
import { freePort } from '../platform/free-port.ts'
import { until } from '../platform/until.ts'
import { type Api, type FrameLine, openFrameLine, type Trouble } from './frame-line.ts'

const { place, lacks } = ownKafka()
const topic = 'findings.v1'
const sasl = { mechanism: 'scram-sha-512', username: 'admin', password: 'of-the-tests' } as const
/** TOPIC_AUTHORIZATION_FAILED, to the one partition of a Produce: behind the size, the id, the topics, the name, the partitions and the partition. */
const refuseProduce = (answer: Buffer): Buffer => {
  answer.writeInt16BE(29, 12 + 2 + answer.readInt16BE(12) + 8)
  return answer
}

/** UNKNOWN_MEMBER_ID, to a Heartbeat: behind the size, the id and the throttle. */
const forgetMember = (answer: Buffer): Buffer => {
  answer.writeInt16BE(25, 12)
  return answer
}

describe.skipIf(lacks !== null)(`answers of a real Kafka that are cut, stall or lie${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  let kafka: TestKafka
  let line: FrameLine
  let topics: KafkaTestTopics
  let near: EventLog
  const open: EventLog[] = []
  const settings = (broker: string): KafkaSettings => ({ brokers: [broker], clientId: 'troubled', tls: null, sasl })
  /** A log whose way to Kafka is the line. */
  let lineAddress = ''
  const far = (): EventLog => {
    const log = topics.open({ settings: settings(lineAddress), sessionMs: 6_000, giveUpMs: 30_000 })
    open.push(log)
    return log
  }

  beforeAll(async () => {
    const port = await freePort()
    lineAddress = `127.0.0.1:${port}`
    kafka = await startKafka({ place, behind: [lineAddress], secure: { users: { admin: sasl.password } } })
    line = await openFrameLine(port, kafka.behind[0]!)
    const direct: KafkaSettings = {
      ...settings(kafka.brokers[0]!),
      tls: { caPem: kafka.caPem, certificatePem: null, keyPem: null },
    }
    topics = await createTestTopics(direct, [topic])
    near = topics.open({ settings: direct })
  })
  afterEach(async () => {
    line.trouble()
    for (const log of open.splice(0)) await log.close()
  })
  afterAll(async () => {
    await near.close()
    await topics.admin.close()
    line.close()
    await kafka.stop()
  })

  const value = (word: string) => [{ key: 'device', partition: 0, value: Buffer.from(word) }]
  const follow = async (log: EventLog) => {
    const read: string[] = []
    const next = new Map((await near.ranges([topic])).map((range) => [range.partition, range.next]))
    const consumer = await log.consume({
      topics: [topic],
      group: `troubled-${read.length}-${performance.now()}`,
      onAssigned: async (partitions) => partitions.map(({ partition }) => next.get(partition)!),
      async onBatch({ partition, records, nextOffset }) {
        read.push(...records.map((record) => Buffer.from(record.value).toString()))
        next.set(partition, nextOffset)
      },
    })
    let failed: unknown = null
    consumer.failed.catch((error: unknown) => (failed = error))
    return { read, consumer, failed: () => failed }
  }
  const happened = (): Promise<void> => until('the trouble has come about', () => line.left() === 0, 30_000)

  it('cut at any byte, what is read comes on as before', { timeout: 180_000 }, async () => {
    const { read, failed } = await follow(far())
    for (const [i, cutAfter] of [1, 3, 4, 6, 8, 11, 20, 40, 60, 75].entries()) {
      line.trouble(['Fetch', { cutAfter, reset: i % 2 === 1 }])
      await happened()
      await near.append(topic, value(`after ${cutAfter} bytes`))
      await until(`what was written after ${cutAfter} bytes is read`, () => read.includes(`after ${cutAfter} bytes`), 20_000)
    }
    expect(read).toHaveLength(10)
    expect(failed()).toBeNull()
  })

  it('a member that its group has forgotten, and whose joining is cut, joins in the end', { timeout: 120_000 }, async () => {
    const { read, failed } = await follow(far())
    line.trouble(['Heartbeat', { instead: forgetMember }], ['JoinGroup', { cutAfter: 6 }])
    await happened()
    await near.append(topic, value('to who was forgotten'))
    await until('it is read', () => read.includes('to who was forgotten'), 60_000)
    expect(failed()).toBeNull()
  })

  const interrupted: readonly (readonly [string, Api, Trouble])[] = [
    ['a reader is interrupted, and again', 'Fetch', { cutAfter: 6 }],
    ['a member of a group is interrupted, and again', 'Heartbeat', { cutAfter: 6 }],
    ['a reader is interrupted, and the new connection stalls', 'Fetch', { stallAfter: 6 }],
    ['a member is interrupted, and the new connection stalls', 'Heartbeat', { stallAfter: 6 }],
  ]
  it.each(interrupted)('%s while it signs in again: it goes on', { timeout: 120_000 }, async (_, api, again) => {
    const { read, failed } = await follow(far())
    line.trouble([api, { cutAfter: 6 }], ['SaslAuthenticate', again])
    await happened()
    await near.append(topic, value('later'))
    await until('it is read', () => read.includes('later'), 60_000)
    expect(failed()).toBeNull()
  })

  const lost: readonly (readonly [string, readonly (readonly [Api, Trouble])[]])[] = [
    ['its answer is cut', [['Produce', { cutAfter: 6 }]]],
    ['its answer is cut, and signing in again is', [['Produce', { cutAfter: 6 }], ['SaslAuthenticate', { cutAfter: 6 }]]],
    ['its answer is cut, and signing in again stalls', [['Produce', { cutAfter: 6 }], ['SaslAuthenticate', { stallAfter: 6 }]]],
    ['its answer is cut, and the second try is refused', [['Produce', { cutAfter: 6 }], ['Produce', { instead: refuseProduce }]]],
    ['its answer stalls', [['Produce', { stallAfter: 9 }]]],
    ['asking who leads is cut', [['Produce', { cutAfter: 6 }], ['Metadata', { cutAfter: 6 }]]],
  ] // prettier-ignore
  it.each(lost)(
    'what was written when %s is in the log once, and what is acknowledged is',
    { timeout: 180_000 },
    async (what, troubles) => {
      const log = far()
      const written: string[] = []
      const [from] = await near.ranges([topic])
      const put = async (word: string): Promise<void> => {
        const all = `${word}: ${what}`
        await log.append(topic, value(all))
        written.push(all)
      }
      for (const word of ['one', 'two']) await put(word)
      line.trouble(...troubles)
      for (const word of ['three', 'four', 'five']) await put(word)
      expect(line.left()).toBe(0)
      const [to] = await near.ranges([topic])
      const found: string[] = []
      for await (const { records } of near.read(topic, 0, from!.next, to!.next))
        for (const record of records) found.push(Buffer.from(record.value).toString())
      expect(found).toEqual(written)
    },
  )

  const transacted: readonly (readonly [string, readonly (readonly [Api, Trouble])[]])[] = [
    ['adding its partitions is cut', [['AddPartitionsToTxn', { cutAfter: 6 }]]],
    ['its batch is cut', [['Produce', { cutAfter: 6 }]]],
    ['its batch is cut, and the second try is refused', [['Produce', { cutAfter: 6 }], ['Produce', { instead: refuseProduce }]]],
    ['its commit is cut', [['EndTxn', { cutAfter: 6 }]]],
    ['its commit is cut, and signing in again too', [['EndTxn', { cutAfter: 6 }], ['SaslAuthenticate', { cutAfter: 6 }]]],
    ['its commit stalls', [['EndTxn', { stallAfter: 6 }]]],
  ] // prettier-ignore
  it.each(transacted)(
    'a transaction of which %s is in the log when it says so, and not when it says not',
    { timeout: 120_000 },
    async (what, troubles) => {
      const client = createKafkaClient(settings(lineAddress), silentLogger)
      const transactions = client.openTransactions(`${topics.prefix}${what}`)
      const reader = client.openReader()
      const name = `${topics.prefix}${topic}`
      await reader.prepare([name])
      const end = async (): Promise<number> => (await reader.ends([{ topic: name, partition: 0 }]))[0]!.next
      /** Values at and behind an offset that are committed. */
      const committed = async (from: number): Promise<string[]> => {
        const words: string[] = []
        for (let at = from; at < (await end());) {
          const { after, records } = await reader.fetchCommitted(
            '1',
            { topic: name, partition: 0, offset: at },
            { waitMsMax: 100, bytesMax: 1e6, partitionBytesMax: 1e6 },
          )
          words.push(...records.map(({ sealed }) => String(sealed)))
          at = after
        }
        return words
      }
      const from = await end()
      await transactions.claim()
      const write = (word: string) => transactions.writeBlobs([{ topic: name, partition: 0, values: [Buffer.from(word)] }])
      expect(await write('before')).toMatchObject({ ok: true })
      line.trouble(...troubles)
      const outcome = await write('troubled')
      // Who comes next settles what is open.
      line.trouble()
      await transactions.claim()
      expect(await write('after')).toMatchObject({ ok: true })
      // The answer to a commit comes before its marker.
      await until('the last one is committed', async () => (await committed(from)).includes('after'), 20_000)
      const words = await committed(from)
      const [without, all] = [['before', 'after'], ['before', 'troubled', 'after']] // prettier-ignore
      if (outcome.ok) expect(words).toEqual(all)
      else if (outcome.maybeWritten) expect([without, all]).toContainEqual(words)
      else expect(words).toEqual(without)
      await Promise.all([transactions.close(), reader.close()])
    },
  )

  it.each([1, 2])('a start that is interrupted at step %i of signing in goes on', async (step) => {
    line.trouble(...Array.from({ length: step - 1 }, () => ['SaslAuthenticate', { instead: (all: Buffer) => all }] as const), [
      'SaslAuthenticate',
      { cutAfter: 6 },
    ])
    const options = {
      settings: settings(lineAddress),
      plan: { topicPrefix: topics.prefix, retentionHours: 24, retentionGigabytes: 1, replicationFactor: 1, minInsyncReplicas: 1 },
      sessionMs: 6_000,
      lingerMs: 5,
      giveUpMs: 1_000,
      createTopics: false,
    }
    const log = await openPlannedKafkaLog(options, createSealer(Buffer.alloc(32, 1), 'log'), silentLogger)
    open.push(log)
    expect(line.left()).toBe(0)
    await log.append(topic, value('it works'))
  })

  it('a wrong password is refused at once', async () => {
    const log = topics.open({ settings: { ...settings(lineAddress), sasl: { ...sasl, password: 'another' } } })
    open.push(log)
    await expect(log.append(topic, value('never'))).rejects.toMatchObject({ name: 'LogUnavailable', reason: 'io' })
  })
})

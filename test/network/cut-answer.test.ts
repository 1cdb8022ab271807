import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createTestTopics, plaintext } from '../../stream/kafka/open-test-log.ts'
import { ownKafka } from '../kafka/kafka-offer.ts'
import { startKafka } from '../kafka/start-kafka.ts'
import { freePort } from '../platform/free-port.ts'
import { until } from '../platform/until.ts'

const { place, lacks } = ownKafka()
const topic = 'commands.v1'

/** A way to a broker that, once armed, gives so many bytes of the next answer that bears `word` and ends the connection. */
const openCuttingLine = async (port: number, upstream: string, word: string) => {
  const [host, upstreamPort] = upstream.split(':') as [string, string]
  const sockets = new Set<Socket>()
  let bytesOfNext: number | null = null
  let cuts = 0
  const server = createServer((near) => {
    const far = connect(Number(upstreamPort), host)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    near.on('data', (chunk: Buffer) => far.write(chunk))
    far.on('data', (chunk: Buffer) => {
      if (bytesOfNext === null || !chunk.includes(word)) return void near.write(chunk)
      const part = chunk.subarray(0, bytesOfNext)
      bytesOfNext = null
      cuts++
      // What was written comes first, then the end.
      near.end(part)
      far.destroy()
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutNext: (bytes: number) => void (bytesOfNext = bytes),
    cuts: () => cuts,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe.skipIf(lacks !== null)(
  `a connection to Kafka that ends in the middle of an answer${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  () => {
    it('is made again, and what is read comes on as before', { timeout: 180_000 }, async () => {
      const port = await freePort()
      const kafka = await startKafka({ place, behind: [`127.0.0.1:${port}`] })
      // The topic's name stands in each answer to a fetch.
      const line = await openCuttingLine(port, kafka.behind[0]!, topic)
      try {
        const topics = await createTestTopics(plaintext(kafka.brokers), [topic])
        const [near, far] = [topics.open(), topics.open({ settings: plaintext([line.address]) })]
        const read: string[] = []
        const consumer = await far.consume({
          topics: [topic],
          group: 'far',
          onAssigned: async (partitions) => partitions.map(() => 'earliest' as const),
          onBatch: async ({ records }) => void read.push(...records.map(({ value }) => Buffer.from(value).toString())),
        })
        for (const bytes of [1, 3, 4, 6, 8, 11, 20, 40, 60, 75]) {
          const cutsBefore = line.cuts()
          line.cutNext(bytes)
          await until('an answer was cut', () => line.cuts() > cutsBefore, 20_000)
          const word = `after ${bytes} bytes`
          await near.append(topic, [{ key: 'device', value: Buffer.from(word) }])
          await until(`the record written ${word} is read`, () => read.includes(word), 20_000)
        }
        expect(read).toHaveLength(10)
        await consumer.close()
        await Promise.all([near.close(), far.close()])
        await topics.admin.close()
      } finally {
        line.close()
        await kafka.stop()
      }
    })
  },
)

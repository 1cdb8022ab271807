import { describe, expect, it } from 'vitest'
import { ownKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka } from '../../test/kafka/start-kafka.ts'
import { killTopics, runKillRounds, seededRandom } from './broker-kill-rounds.ts'
import { createTestTopics, plaintext } from './open-test-log.ts'

const { place, lacks: lack } = ownKafka()
const seed = Number(process.env['WARDWATCH_SEED'] ?? Date.now() % 1_000_000)
const rounds = Number(process.env['WARDWATCH_ROUNDS'] ?? 30)

describe.skipIf(lack !== null)(`brokers that are killed and frozen${lack === null ? '' : ` (skipped: ${lack})`}`, () => {
  for (const nodes of [1, 3] as const)
    it(`${rounds} rounds on ${nodes} broker${nodes === 1 ? '' : 's'}: what was acknowledged is there once, what was refused is not (seed ${seed})`, async () => {
      const random = seededRandom(seed + nodes)
      const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
      const kafka = await startKafka({ place, nodes })
      try {
        const copies = nodes === 3 ? { replicationFactor: 3, minInsyncReplicas: 2 } : { replicationFactor: 1, minInsyncReplicas: 1 }
        const topics = await createTestTopics(plaintext(kafka.brokers), killTopics, copies)
        const log = topics.open({ giveUpMs: 1_000 })
        const tally = await runKillRounds({
          log,
          rounds,
          writers: 10,
          recordsPerAppend: 50,
          async round() {
            const node = kafka.nodes[Math.floor(random() * nodes)]!
            await pause(200 + random() * 2_000)
            if (random() < 0.25) {
              // Longer than the request's timeout at times: the answer never comes, the batch may be in.
              node.freeze()
              await pause(random() * 20_000)
              node.thaw()
              return
            }
            await node.kill()
            await pause(random() * 3_000)
            await node.start()
          },
        })
        await log.close()
        await topics.admin.close()
        process.stdout.write(
          `${nodes} broker(s), seed ${seed}, ${rounds} rounds: ${tally.acknowledged} acknowledged, ${tally.found} found, ${tally.refused} refused\n`,
        )
        expect(tally).toMatchObject({ missing: [], twice: [], ghosts: [], outOfOrder: [], consumedTwice: [] })
        expect(tally.found).toBe(tally.acknowledged)
        expect(tally.consumed).toBe(tally.found)
      } finally {
        await kafka.stop()
      }
    }, 3_000_000)
})

import { describe, expect, it } from 'vitest'
import { ownKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka } from '../../test/kafka/start-kafka.ts'
import { killTopics, runKillRounds, seededRandom } from './broker-kill-rounds.ts'
import { createTestTopics, plaintext } from './open-test-log.ts'

const { place, lacks: lack } = ownKafka()
const seed = Number(process.env['WARDWATCH_SEED'] ?? 20_261_125)

describe.skipIf(lack !== null)(`a broker that is killed${lack === null ? '' : ` (skipped: ${lack})`}`, () => {
  it(`loses nothing that was acknowledged, doubles nothing, keeps nothing that was refused (seed ${seed})`, async () => {
    const random = seededRandom(seed)
    const kafka = await startKafka({ place })
    try {
      const topics = await createTestTopics(plaintext(kafka.brokers), killTopics)
      const log = topics.open({ giveUpMs: 1_000 })
      const tally = await runKillRounds({
        log,
        rounds: 2,
        writers: 6,
        recordsPerAppend: 50,
        async round() {
          await new Promise((resolve) => setTimeout(resolve, 300 + random() * 700))
          await kafka.nodes[0]!.kill()
          await new Promise((resolve) => setTimeout(resolve, random() * 500))
          await kafka.nodes[0]!.start()
        },
      })
      await log.close()
      await topics.admin.close()
      expect(tally).toMatchObject({ missing: [], twice: [], ghosts: [], outOfOrder: [], consumedTwice: [] })
      expect(tally.acknowledged).toBeGreaterThan(1_000)
      expect(tally.found).toBe(tally.acknowledged)
      expect(tally.consumed).toBe(tally.found)
    } finally {
      await kafka.stop()
    }
  }, 120_000)
})

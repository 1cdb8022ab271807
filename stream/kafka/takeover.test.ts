import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeClock, encodeObservation } from '../../contracts/envelope.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import { topicByKey } from '../../contracts/log-topics.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { runBacktest } from '../host/backtest.ts'
import { findingLine } from '../host/finding-line.ts'
import { jsonDecoder, sizeCheckSteps } from '../host/host-for-kill-test.ts'
import { detectorsForTests, presenceForTests } from '../host/stages-for-tests.ts'
import { createTestTopics, type KafkaTestTopics, plaintext } from './open-test-log.ts'
import { createTopics } from './topic-admin.ts'
import { planChangelogs } from './topic-plan.ts'

const offer = kafkaOffer()
const topic = 'observations.by-device.v1'
const moment = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const sources = Object.values(topicByKey)
const startMs = 1_795_000_000_000

describe.skipIf(offer.kind === 'nothing')(`detectors that move between machines on a real Kafka${lackingKafka(offer)}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-takeover-'))
  const members: ChildProcess[] = []
  let own: TestKafka | null = null
  let brokers: readonly string[] = []
  let topics: KafkaTestTopics
  let log: EventLog
  let machines = 0

  beforeAll(async () => {
    if (offer.kind === 'own') own = await startKafka(offer)
    brokers = offer.kind === 'given' ? offer.brokers : own!.brokers
    topics = await createTestTopics(plaintext(brokers), [...sources, 'findings.v1'])
    const copies = { replicationFactor: 1, minInsyncReplicas: 1, retentionHours: 1, retentionGigabytes: 1 }
    await createTopics(topics.admin, planChangelogs({ topicPrefix: topics.prefix, ...copies }, 'detect', sources))
    log = topics.open()
  }, 120_000)
  afterAll(async () => {
    for (const member of members) member.kill('SIGKILL')
    await log?.close()
    await topics?.admin.close()
    await own?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const machine = (name = `machine-${machines++}`) => {
    const file = fileURLToPath(new URL('host-for-takeover-test.ts', import.meta.url))
    const options = { brokers, prefix: topics.prefix, directory: join(directory, name) }
    const source = `import { liveAsMember } from ${JSON.stringify(file)}; await liveAsMember(${JSON.stringify(options)})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'inherit'] })
    members.push(child)
    let dots = 0
    child.stdout.on('data', (text: Buffer) => (dots += text.toString().replaceAll('started', '').length))
    const works = async (): Promise<void> => {
      for (let waits = 0; dots === 0 && waits < 300; waits++) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return { child, said: () => dots, works, exited: new Promise<number | null>((resolve) => child.once('exit', resolve)) }
  }

  /** Readings without a pause, until it is told to stop. */
  const startSending = () => {
    let stopping = false
    const done = (async () => {
      for (let from = 0; !stopping; from += 50) {
        const records = Array.from({ length: 50 }, (_, i) => {
          const n = from + i
          const about = {
            kind: 'reading',
            device: `device-${(n * 7) % 60}`,
            site: 'north',
            receivedAt: startMs + n * 20,
            bytes: n % 90,
            seq: n % 40,
          }
          return { key: about.device, value: encodeObservation(about) }
        })
        const clocks = [0, 1, 2, 3].map((partition) => ({ key: 'edge', partition, value: encodeClock('edge', startMs + (from + 50) * 20) }))
        await log.append(topic, [...records, ...clocks])
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
    return {
      async stop() {
        stopping = true
        await done
      },
    }
  }

  const findings = async (): Promise<string[]> => {
    const said: string[] = []
    for (const { partition, earliest, next } of await log.ranges(['findings.v1']))
      for await (const batch of log.read('findings.v1', partition, earliest, next))
        said.push(...batch.records.map(({ value }) => Buffer.from(value).toString()))
    return said
  }

  it('machines join, freeze, leave, die and come back: the findings are those of one undisturbed run', async () => {
    const sending = startSending()
    const a = machine()
    await a.works()
    const b = machine()
    await b.works()
    // A zombie: its partitions go to the other, and it wakes in the middle of what it was doing.
    a.child.kill('SIGSTOP')
    await moment(5_000)
    a.child.kill('SIGCONT')
    await moment(1_500)
    a.child.kill('SIGKILL')
    const c = machine()
    await c.works()
    b.child.stdin.write('leave')
    expect(await b.exited).toBe(0)
    // The first one comes back to what it had kept, which others have gone on from since.
    const again = machine('machine-0')
    await again.works()
    c.child.kill('SIGKILL')
    await moment(500)
    await sending.stop()

    const batches = async function* () {
      for (const { topic: name, partition, earliest, next } of await log.ranges([topic])) yield* log.read(name, partition, earliest, next)
    }
    const expected: string[] = []
    const stages = { detectors: detectorsForTests, derivations: [presenceForTests] }
    for await (const finding of runBacktest({ batches: batches(), ...stages, decoder: jsonDecoder, timeline: 'recorded', sizeCheckSteps }))
      expected.push(findingLine(finding))
    expect(expected.length).toBeGreaterThan(2_000)

    let said: string[] = []
    for (let waits = 0; waits < 300 && new Set(said).size < expected.length; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      said = await findings()
    }
    expect([...new Set(said)].sort()).toEqual(expected.sort())
    // Each went on from what others had written, not from the beginning: little was said twice.
    const times = [a, b, c, again].reduce((sum, { said: dots }) => sum + dots(), 0)
    expect(times).toBeGreaterThan(0)
    expect(times).toBeLessThan(expected.length * 1.3)
    again.child.stdin.write('leave')
    expect(await again.exited).toBe(0)
  }, 120_000)
})

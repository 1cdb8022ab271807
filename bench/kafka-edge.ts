import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchLog, lmdbBenchLog } from './bench-log.ts'
import { createBenchFleet } from './edge-fleet.ts'
import { edgeLoads, type EdgeRun, type EdgeRunOptions, type EdgeShape, median, medianRun, runEdge, startEdgeServer } from './edge-run.ts'
import { stopped } from './pinned-child.ts'
import { type ProfileShares, profileShares } from './profile-share.ts'

export interface KafkaEdgeShapeFigures {
  readonly kafka: EdgeRun
  readonly embedded: EdgeRun
  /** Messages per CPU-second of the edge process, on Kafka over embedded. */
  readonly ratio: number
  /** Each pair's own ratio. */
  readonly ratios: readonly number[]
  /** Messages per CPU-second of Kafka's own process, one copy; null where it is not the bench's. */
  readonly brokerMessagesPerCpuSecond: number | null
}

export interface KafkaEdgeFigures {
  readonly shapes: Partial<Record<EdgeShape, KafkaEdgeShapeFigures>>
  /** Of one more run on Kafka with window 4, under the runtime's sampling profiler. */
  readonly profile: ProfileShares
}

const profiledShape: EdgeShape = 'window4'

/**
 * The same edge, limits and load, its log on Kafka and embedded in turn. The edge is on core 0; the load, and Kafka where it is the
 * bench's own, on core 1.
 */
export const benchKafkaEdge = async (
  options: EdgeRunOptions & {
    readonly edgeRuntime: string
    readonly repeats: number
    readonly shapes: readonly EdgeShape[]
    readonly kafkaLog: BenchLog
    readonly brokerCpuSeconds: () => number | null
    readonly progress: (line: string) => void
  },
): Promise<KafkaEdgeFigures> => {
  const { edgeRuntime, repeats, kafkaLog, progress } = options
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-bench-edge-'))
  try {
    const fleetFile = join(directory, 'fleet.json')
    const fleet = await createBenchFleet(Math.max(...options.shapes.map((shape) => edgeLoads[shape].connections)))
    writeFileSync(fleetFile, JSON.stringify(fleet), { mode: 0o600 })
    const once = async (shape: EdgeShape, log: BenchLog, runtimeFlags: readonly string[] = []): Promise<EdgeRun> => {
      const server = await startEdgeServer({ edgeRuntime, runtimeFlags, fleetFile, log })
      try {
        return await runEdge(server, shape, fleetFile, options)
      } finally {
        await stopped(server.child)
      }
    }
    const shapes: Partial<Record<EdgeShape, KafkaEdgeShapeFigures>> = {}
    for (const shape of options.shapes) {
      const brokerRates: number[] = []
      const pairs: { readonly kafka: EdgeRun; readonly embedded: EdgeRun }[] = []
      for (let i = 0; i < repeats; i++) {
        const own = join(directory, `${shape}-${i}`)
        mkdirSync(own)
        const fromCpu = options.brokerCpuSeconds()
        const onKafka = await once(shape, kafkaLog)
        const brokerCpu = (options.brokerCpuSeconds() ?? 0) - (fromCpu ?? 0)
        // All that the run sent, its warm-up too: that is what the broker's time was for.
        if (brokerCpu > 0) brokerRates.push((onKafka.messagesPerSecond * options.secondsPerRun * 1.25) / brokerCpu)
        const pair = { kafka: onKafka, embedded: await once(shape, lmdbBenchLog(own)) }
        pairs.push(pair)
        rmSync(own, { recursive: true, force: true })
        progress(`${shape} ${JSON.stringify(pair)} broker ${Math.round(brokerRates.at(-1) ?? 0)}`)
      }
      const kafka = medianRun(pairs.map((pair) => pair.kafka))
      const embedded = medianRun(pairs.map((pair) => pair.embedded))
      shapes[shape] = {
        kafka,
        embedded,
        ratio: kafka.messagesPerCpuSecond / embedded.messagesPerCpuSecond,
        ratios: pairs.map((pair) => pair.kafka.messagesPerCpuSecond / pair.embedded.messagesPerCpuSecond),
        brokerMessagesPerCpuSecond: brokerRates.length === 0 ? null : median(brokerRates),
      }
    }
    const profiles = join(directory, 'profile')
    mkdirSync(profiles)
    await once(profiledShape, kafkaLog, ['--cpu-prof', `--cpu-prof-dir=${profiles}`])
    const written = readdirSync(profiles).find((name) => name.endsWith('.cpuprofile'))
    if (written === undefined) throw new Error('the runtime wrote no profile')
    const profile = profileShares(join(profiles, written), options.secondsPerRun)
    progress(`profile ${JSON.stringify(profile)}`)
    return { shapes, profile }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

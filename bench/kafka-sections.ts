import { bunBinary } from '../app/runtime-binaries.mjs'
import { startBenchKafka } from './bench-kafka.ts'
import { benchBlobs } from './blob-size.ts'
import { edgeShapes, median } from './edge-run.ts'
import { benchGroup, benchHost } from './host.ts'
import { benchKafkaEdge } from './kafka-edge.ts'
import { benchLanding } from './landing.ts'
import { benchPublishToFinding } from './publish-to-finding.ts'
import { benchTakeover, type RestoreFigures } from './takeover.ts'

export const kafkaParts = ['edge', 'finding', 'host', 'landing', 'takeover', 'blobs', 'wide'] as const

/** A tenth of the embedded bench's, for it is filled twice; the start weighs ten times as much, in both alike. */
const hostLifeMs = 180_000

export interface BenchRow {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly bar?: string
}

const told = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 2 })
const spread = (values: readonly number[]): string => `${told(Math.min(...values))} to ${told(Math.max(...values))}`

/**
 * The sections of the bench that the log is a part of, with the log on a real Kafka and embedded in the same run. CPU-seconds are of our
 * process alone, kafkajs in it; what Kafka's own process takes is not in them.
 */
export const benchOnKafka = async (options: {
  readonly only: readonly string[]
  readonly seconds: number
  readonly repeats: number
  readonly progress: (line: string) => void
  readonly row: (row: BenchRow) => void
}): Promise<Readonly<Record<string, unknown>>> => {
  const { only, repeats, row, progress } = options
  const kafka = await startBenchKafka()
  const figures: Record<string, unknown> = { kafka: kafka.isOwn ? 'one node of its own' : kafka.brokers }
  try {
    if (only.includes('edge')) {
      const runtime = bunBinary() ?? process.execPath
      const edge = await benchKafkaEdge({
        edgeRuntime: runtime,
        loadRuntime: runtime,
        secondsPerRun: options.seconds,
        repeats,
        shapes: edgeShapes,
        kafkaLog: await kafka.log('edge'),
        brokerCpuSeconds: () => kafka.cpuSeconds(),
        progress,
      })
      figures['edge'] = edge
      for (const [shape, of] of Object.entries(edge.shapes))
        row({
          what: `edge on Kafka over embedded, ${shape} (${Math.round(of.kafka.messagesPerCpuSecond)} against ${Math.round(of.embedded.messagesPerCpuSecond)} messages per CPU-second; ${spread(of.ratios)})`,
          value: of.ratio,
          unit: 'x',
          bar: '0.6',
        })
      row({ what: "kafkajs's share of the edge's JavaScript, window 4", value: (edge.profile.byPart['kafkajs'] ?? 0) * 100, unit: '%' })
    }
    if (only.includes('host')) {
      const groups = Array.from({ length: repeats }, (_, run) => benchGroup(run))
      const onKafka = benchHost({ runs: repeats, durationMs: hostLifeMs, log: await kafka.log('host', groups) })
      const embedded = benchHost({ runs: repeats, durationMs: hostLifeMs })
      figures['host'] = { kafka: onKafka, embedded }
      const [there, here] = [onKafka.hostObservationsPerCpuSecond, embedded.hostObservationsPerCpuSecond]
      row({
        what: `Kafka to findings over embedded, ten detectors, checkpoints on the changelog (${there} against ${here} observations per CPU-second)`,
        value: there / here,
        unit: 'x',
      })
    }
    if (only.includes('wide')) {
      // Ten times the devices for a tenth of the time: as many observations, but each device is another one's neighbour in a checkpoint.
      const wide = { devices: 50_000, durationMs: hostLifeMs / 10, runs: 1 }
      const onKafka = benchHost({ ...wide, log: await kafka.log('wide', [benchGroup(0)]) })
      figures['wide'] = onKafka
      row({
        what: `Kafka to findings, ${told(wide.devices)} devices (${String(onKafka.runs[0]!['checkpoints'])} checkpoints, ${told(Number(onKafka.runs[0]!['residentBytes']) / 1e6)} MB resident)`,
        value: onKafka.hostObservationsPerCpuSecond,
        unit: 'observations per CPU-second',
      })
    }
    if (only.includes('landing')) {
      const onKafka = await benchLanding({ log: await kafka.log('landing') })
      const embedded = await benchLanding()
      figures['landing'] = { kafka: onKafka, embedded }
      const [there, here] = [onKafka.landedMessagesPerCpuSecond, embedded.landedMessagesPerCpuSecond]
      row({ what: `landing from Kafka over embedded (${there} against ${here} messages per CPU-second)`, value: there / here, unit: 'x' })
    }
    if (only.includes('finding')) {
      const { topicPrefix } = await kafka.log('finding')
      const finding = await benchPublishToFinding({ kafka: { brokers: kafka.brokers, topicPrefix } })
      figures['finding'] = finding
      const load = `at ${finding.messagesPerSecond} messages/s, ${finding.findings} findings`
      row({ what: `publish to finding on Kafka, p50 (${load})`, value: finding.publishToFindingP50Ms, unit: 'ms' })
      row({ what: 'publish to finding on Kafka, p99', value: finding.publishToFindingP99Ms, unit: 'ms' })
    }
    if (only.includes('takeover')) {
      const takeover = await benchTakeover({ brokers: kafka.brokers, topicPrefix: `${kafka.prefix}takeover.`, repeats })
      figures['takeover'] = takeover
      const size = `${told(takeover.devices)} devices of ${told(takeover.stateBytes)} bytes`
      const tell = (what: string, runs: readonly RestoreFigures[]): void =>
        row({
          what: `restore, ${size}: ${what} (${spread(runs.map(({ seconds }) => seconds))} s; ${told(median(runs.map(({ cpuSeconds }) => cpuSeconds)))} CPU-seconds)`,
          value: median(runs.map(({ seconds }) => seconds)),
          unit: 's',
        })
      row({ what: `checkpoints that wrote it, ${size}`, value: takeover.writeCpuSeconds, unit: 'CPU-seconds' })
      tell('a machine that knows nothing', takeover.fresh)
      tell('a standby', takeover.standby)
      tell('one of four partitions on a standby', takeover.standbyOnePartition)
    }
    if (only.includes('blobs')) {
      const measured = benchBlobs()
      figures['blobs'] = measured
      for (const { messages, bytesPerMessage, closeCpuUs, openCpuUs } of measured.blobs)
        row({
          what: `on Kafka, ${told(messages)} messages of ${told(measured.payloadBytes)} bytes a blob (closing ${told(closeCpuUs)} us, opening ${told(openCpuUs)} us)`,
          value: bytesPerMessage,
          unit: 'bytes a message',
        })
    }
    return figures
  } finally {
    await kafka.stop()
  }
}

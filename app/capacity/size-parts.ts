import { logTopics, topicByKey } from '../../contracts/log-topics.ts'
import {
  type BlobDemand,
  blobsOf,
  busyShareMax,
  connectionsPerEdge,
  type Demand,
  demandOf,
  type Deployment,
  logRetentionHours,
  minutesDays,
  statesPerSecond,
  vitalsPerDevice,
} from './demand.ts'
import { figures } from './measured.ts'

/** What one part of the platform needs, all its instances together. */
export interface PartSize {
  readonly part: 'edge' | 'kafka' | 'detect' | 'sink' | 'clickhouse' | 'desk'
  readonly instances: number
  /** In use on average. `cores` are what it takes for that not to be more than `busyShareMax`. */
  readonly coresBusy: number
  readonly cores: number
  readonly memoryBytes: number
  readonly diskBytes: number
  /** In and out. */
  readonly networkBytesPerSecond: number
}

export interface Sizes {
  readonly demand: Demand
  readonly blobs: BlobDemand
  /** States that detect writes to its changelogs. */
  readonly statesPerSecond: number
  /** CPU-seconds of an edge a message, its share of a blob included. */
  readonly edgeCpuPerMessage: number
  /** CPU-seconds a second that it takes to follow all changelogs, which each detect process does. */
  readonly followingCores: number
  /** What a topic of observations needs: a partition has one consumer, and that one core. */
  readonly partitions: number
  readonly parts: readonly PartSize[]
}

/** Of each topic of observations (contracts/log-topics.ts); it can't change once there is data. */
export const builtPartitions = logTopics[topicByKey.device].partitions

const copiesMin = 2
/** Of a detect process's thread: following and detecting take turns. */
export const followingShareMax = 0.5
const edgeRounds = 8
const coresPerMachine = 16
const hour = 3_600
const day = 86_400
const megabyte = 1e6

export const cpuPerMessage = {
  // Without the blobs that were made of them.
  edge:
    1 / figures.edgeMessagesPerCpuSecond.value -
    (figures.blobCloseCpuUs.value + figures.blobKafkajsCpuUs.value) / 1e6 / figures.edgeMessagesPerBlob.value,
  detect: 1 / figures.detectObservationsPerCpuSecond.value,
  sink: 1 / figures.sinkMessagesPerCpuSecond.value,
} as const

/** Of all edges together: the one that is connected to, and every edge reads of it in connects.v1. */
export const cpuPerConnect = (edges: number): number => figures.edgeConnectCpuMs.value / 1e3 + (edges * figures.logReadCpuUs.value) / 1e6

const coresOfServerMin = 2
const isOurs = (name: PartSize['part']): boolean => name !== 'kafka' && name !== 'clickhouse'

const part = (
  name: PartSize['part'],
  of: {
    readonly coresBusy: number
    readonly instances: number
    readonly memoryBytes: number
    readonly diskBytes?: number
    readonly network?: number
  },
): PartSize => ({
  part: name,
  instances: of.instances,
  coresBusy: of.coresBusy,
  // Ours work in one thread each; other people's servers use what the machine has.
  cores: isOurs(name) ? of.instances : Math.max(coresOfServerMin * of.instances, Math.ceil(of.coresBusy / busyShareMax)),
  memoryBytes: of.memoryBytes,
  diskBytes: of.diskBytes ?? 0,
  networkBytesPerSecond: of.network ?? 0,
})

/** A blob of less than ten messages costs by its messages, a larger one the same however many are in it. */
const blobCores = (codecCpuUs: number, { messagesPerSecond }: Demand, { blobsPerSecond }: BlobDemand): number =>
  (Math.min(blobsPerSecond, messagesPerSecond / 10) * codecCpuUs + blobsPerSecond * figures.blobKafkajsCpuUs.value) / 1e6

/** CPU-seconds a second of what reads the observations: the messages, and the blobs that they come in. */
const readingCores = (perMessage: number, demand: Demand, blobs: BlobDemand): number =>
  demand.messagesPerSecond * perMessage + blobCores(figures.blobOpenCpuUs.value, demand, blobs)

const sizeWith = (deployment: Deployment, partitions: number): Sizes => {
  const { devices, payloadBytes, replication, retentionDays } = deployment
  const demand = demandOf(deployment)
  const { messagesPerSecond, connectsPerSecond } = demand
  const base = figures.baseMemoryMb.value * megabyte
  const registry = devices * figures.registryBytesPerDevice.value

  const edgesOf = (busy: number): number => Math.max(copiesMin, Math.ceil(devices / connectionsPerEdge), Math.ceil(busy / busyShareMax))
  let edgeMessagesBusy = messagesPerSecond * cpuPerMessage.edge
  let edges = edgesOf(edgeMessagesBusy)
  // More edges make more blobs and read more of each other's sign-ins.
  for (let round = 0; round < edgeRounds; round++) {
    const made = blobsOf(deployment, messagesPerSecond, edges, partitions)
    edgeMessagesBusy = messagesPerSecond * cpuPerMessage.edge + blobCores(figures.blobCloseCpuUs.value, demand, made)
    edges = edgesOf(edgeMessagesBusy + connectsPerSecond * cpuPerConnect(edges))
  }
  const edgeBusy = edgeMessagesBusy + connectsPerSecond * cpuPerConnect(edges)

  const states = statesPerSecond(devices, partitions, deployment.messagesPerSecondPerDevice)
  const stateBytes = states * figures.stateBytesPerDevice.value
  const blobs = blobsOf(deployment, messagesPerSecond, edges, partitions)
  const onLog = messagesPerSecond * blobs.bytesPerMessage

  const detectOwn = readingCores(cpuPerMessage.detect, demand, blobs) + (states * figures.stateWriteCpuUs.value) / 1e6
  const following = (states * figures.stateRestoreCpuUs.value) / 1e6
  // Each follows the changelogs of all the others, in turns with its own work; what it does not get to, a take-over has to read.
  const followed = Math.min(following, followingShareMax)
  const detects = Math.max(copiesMin, Math.ceil(detectOwn / (busyShareMax * (1 - followed))))
  const detectBusy = detectOwn + followed * detects
  const followedBytes = ((followed * 1e6) / figures.stateRestoreCpuUs.value) * figures.stateBytesPerDevice.value
  const sinkBusy = readingCores(cpuPerMessage.sink, demand, blobs)
  const sinks = Math.max(1, Math.ceil(sinkBusy / busyShareMax))

  const brokerCpuPerBlob = figures.edgeMessagesPerBlob.value / figures.brokerMessagesPerCpuSecond.value
  const brokerBusy = blobs.blobsPerSecond * brokerCpuPerBlob * replication
  const logDisk = onLog * logRetentionHours * hour * replication
  const changelogDisk = devices * figures.stateBytesPerDevice.value * copiesMin * replication
  // Written once, copied to the other brokers, read by detectors and sink; changelogs by every detect.
  const brokerNetwork = onLog * (replication + 2) + stateBytes * replication + followedBytes * detects
  const brokers = Math.max(
    replication,
    Math.ceil((logDisk + changelogDisk) / figures.kafkaDiskBytes.value),
    Math.ceil(brokerBusy / (coresPerMachine * busyShareMax)),
    Math.ceil(brokerNetwork / (figures.machineNetworkBytesPerSecond.value * busyShareMax)),
  )

  const replicas = replication > 1 ? copiesMin : 1
  const minuteRows = Math.min(messagesPerSecond, devices / 60) * vitalsPerDevice
  const history =
    messagesPerSecond * figures.readingBytes.value * retentionDays * day + minuteRows * figures.minuteRowBytes.value * minutesDays * day

  return {
    demand,
    blobs,
    statesPerSecond: states,
    edgeCpuPerMessage: messagesPerSecond === 0 ? cpuPerMessage.edge : edgeMessagesBusy / messagesPerSecond,
    followingCores: following,
    partitions: Math.max(partitions, detects, sinks),
    parts: [
      part('edge', {
        coresBusy: edgeBusy,
        instances: edges,
        memoryBytes: edges * (base + registry) + devices * figures.edgeConnectionKb.value * 1e3,
        network: messagesPerSecond * (payloadBytes + figures.networkBytesPerMessage.value) + onLog,
      }),
      part('kafka', {
        coresBusy: brokerBusy,
        instances: brokers,
        memoryBytes: brokers * 8e9 + onLog * 60 * replication,
        diskBytes: logDisk + changelogDisk,
        network: brokerNetwork,
      }),
      part('detect', {
        coresBusy: detectBusy,
        instances: detects,
        memoryBytes: detects * base + devices * figures.detectBytesPerDevice.value,
        diskBytes: detects * devices * figures.stateBytesPerDevice.value,
        network: onLog + stateBytes + followedBytes * detects,
      }),
      part('sink', { coresBusy: sinkBusy, instances: sinks, memoryBytes: sinks * 4 * base, network: onLog * 2 }),
      part('clickhouse', {
        coresBusy: ((messagesPerSecond * figures.clickHouseCpuUs.value) / 1e6) * replicas,
        instances: replicas,
        memoryBytes: replicas * 16e9,
        diskBytes: history * replicas,
        network: messagesPerSecond * figures.readingBytes.value * replicas,
      }),
      part('desk', { coresBusy: 0.1, instances: copiesMin, memoryBytes: copiesMin * (base + registry) }),
    ],
  }
}

/** More partitions make smaller blobs, which cost more, which may need more partitions. */
const roundsMax = 20

/** The size of everything for an average second of the deployment, with as many partitions a topic as that needs, the built ones at least. */
export const sizeParts = (deployment: Deployment): Sizes => {
  let sizes = sizeWith(deployment, builtPartitions)
  for (let round = 0; round < roundsMax; round++) {
    const next = sizeWith(deployment, sizes.partitions)
    if (next.partitions === sizes.partitions) return next
    sizes = next
  }
  return sizes
}

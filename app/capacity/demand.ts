import { blobBytes, blobPayloadBytes } from './measured.ts'

/** What a deployment is asked to carry, and how long it keeps it. */
export interface Deployment {
  readonly devices: number
  readonly messagesPerSecondPerDevice: number
  readonly payloadBytes: number
  /** Of the readings in ClickHouse. */
  readonly retentionDays: number
  /** Copies of everything on Kafka, and replicas of ClickHouse above one. */
  readonly replication: number
  /** The edge's linger (limits.lingerMsMax): so often each edge commits to each partition. */
  readonly lingerMs: number
  readonly seed: number
}

/** No core of ours is planned to do more than this on an average day: peaks and catching up need the rest. */
export const busyShareMax = 0.5
/** The log's and the roll-up's defaults (docs/settings.md); the gigabytes are to be raised to what the hours take. */
export const logRetentionHours = 72
export const logRetentionGigabytes = 20
export const minutesDays = 730
/** What a wearable sends, six vitals a message. */
export const vitalsPerDevice = 6
/** A shift's beginning, a battery, a roam. */
export const connectsPerDevicePerDay = 6
/** Assumed: a finding in twenty days a device; three events of the chain each. */
export const findingsPerDevicePerDay = 0.05
export const eventsPerFinding = 3
/** Edges count on fewer connections than limits.connectionsMax (20,000): another edge's devices have to find room. */
export const connectionsPerEdge = 15_000
export const secondsPerDay = 86_400

export interface Demand {
  readonly messagesPerSecond: number
  readonly connectsPerSecond: number
  readonly findingsPerSecond: number
}

export const demandOf = ({ devices, messagesPerSecondPerDevice }: Deployment): Demand => ({
  messagesPerSecond: devices * messagesPerSecondPerDevice,
  connectsPerSecond: (devices * connectsPerDevicePerDay) / secondsPerDay,
  findingsPerSecond: (devices * findingsPerDevicePerDay) / secondsPerDay,
})

export interface BlobDemand {
  readonly blobsPerSecond: number
  readonly messagesPerBlob: number
  readonly bytesPerMessage: number
}

/** Between the measured sizes as a power of the blob's; the payload's share grows with the payload. */
const bytesPerMessageAt = (messagesPerBlob: number, payloadBytes: number): number => {
  const at = Math.log(Math.min(Math.max(1, messagesPerBlob), blobBytes.at(-1)!.messages))
  const above = Math.max(
    1,
    blobBytes.findIndex(({ messages }) => Math.log(messages) >= at),
  )
  const [low, high] = [blobBytes[above - 1]!, blobBytes[above]!]
  const share = (at - Math.log(low.messages)) / (Math.log(high.messages) - Math.log(low.messages))
  const logBytes = Math.log(low.bytesPerMessage) + share * (Math.log(high.bytesPerMessage) - Math.log(low.bytesPerMessage))
  return (Math.exp(logBytes) * payloadBytes) / blobPayloadBytes
}

/** Each edge makes a blob a partition and commit, while it has so many messages: many edges and partitions make small blobs. */
export const blobsOf = (
  { payloadBytes, lingerMs }: Deployment,
  messagesPerSecond: number,
  edges: number,
  partitions: number,
): BlobDemand => {
  const blobsPerSecond = Math.min(messagesPerSecond, (edges * partitions * 1_000) / lingerMs)
  const messagesPerBlob = blobsPerSecond === 0 ? 1 : messagesPerSecond / blobsPerSecond
  return { blobsPerSecond, messagesPerBlob, bytesPerMessage: bytesPerMessageAt(messagesPerBlob, payloadBytes) }
}

/** A partition is checkpointed each 5 s, or when so many keys were touched (stream/host/detector-host.ts). */
const checkpointSeconds = 5
const touchedKeysMax = 2_048

/** States written a second: of `n` devices a partition those that spoke since the last checkpoint. */
export const statesPerSecond = (devices: number, partitions: number, perSecond: number): number => {
  const n = devices / partitions
  if (perSecond === 0) return 0
  const touched = n * (1 - Math.exp(-perSecond * checkpointSeconds))
  if (touched <= touchedKeysMax) return (touched / checkpointSeconds) * partitions
  const seconds = -Math.log(1 - touchedKeysMax / n) / perSecond
  return (touchedKeysMax / seconds) * partitions
}

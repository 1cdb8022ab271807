/** A figure of the model: measured by a command of this repository, or assumed, and then why. */
export interface Figure {
  readonly value: number
  readonly unit: string
  readonly from: string
  readonly assumed?: true
}

const measured = (value: number, unit: string, from: string): Figure => ({ value, unit, from })
const assumed = (value: number, unit: string, from: string): Figure => ({ value, unit, from, assumed: true })
const onKafka = (part: string): string => `npm run bench -- --kafka --only ${part}`

/** Two cores of an Intel Xeon (a shared virtual machine) that also ran Kafka and the load; docs/bench.md has the spread. */
export const machine = '2 cores of an Intel Xeon, 24 GB, Node 26.10, Bun 1.4.5, Kafka 4.4.0, 2026-11-29'

export const figures = {
  edgeMessagesPerCpuSecond: measured(35_200, 'messages', onKafka('edge (fleet: 5,000 connections at 2/s)')),
  edgeMessagesPerBlob: assumed(40, 'messages', 'of that run: 10,000 messages/s, 4 partitions, a commit each 16 ms'),
  edgeConnectCpuMs: measured(1.1, 'ms', onKafka('edge (fleet)')),
  edgeConnectionKb: measured(34, 'kB', onKafka('edge (fleet)')),
  blobCloseCpuUs: measured(108, 'us a blob of ten messages or more', onKafka('blobs')),
  blobOpenCpuUs: measured(91, 'us a blob of ten messages or more', onKafka('blobs')),
  blobKafkajsCpuUs: assumed(9, 'us a blob, each way', 'docs/kafka.md: kafkajs, a message'),
  brokerMessagesPerCpuSecond: measured(49_600, 'messages, one copy', onKafka('edge (fleet)')),
  detectObservationsPerCpuSecond: measured(171_000, 'observations', onKafka('host (embedded: state on Kafka is counted by itself)')),
  detectBytesPerDevice: assumed(8_000, 'bytes resident', 'five times the state as it is written'),
  stateBytesPerDevice: measured(1_600, 'bytes', 'npm run bench -- --only host'),
  stateWriteCpuUs: measured(100, 'us a key', onKafka('takeover')),
  stateRestoreCpuUs: measured(60, 'us a key', onKafka('takeover')),
  sinkMessagesPerCpuSecond: measured(
    166_000,
    'messages',
    `${onKafka('landing')}: 10.1 us a message, of which 4.3 of 7.2 are the sink's (docs/bench.md)`,
  ),
  clickHouseCpuUs: measured(4.1, 'us a message', 'the same run: inserts, merges, minutes'),
  readingBytes: assumed(60, 'bytes on disk', '13 measured (--only landing) with values that repeat; real ones compress less'),
  minuteRowBytes: assumed(10, 'bytes on disk', '2 measured (--only landing) with values that repeat'),
  logReadCpuUs: measured(1, 'us a record', 'docs/kafka.md, Cost'),
  registryBytesPerDevice: assumed(1_000, 'bytes', 'a record of the registry in memory, with its two indexes'),
  casesEventsPerSecond: assumed(5_000, 'events', 'one partition, one writer, 100 findings a commit of about 20 ms'),
  baseMemoryMb: assumed(250, 'MB', 'a process of ours with nothing to do'),
  networkBytesPerMessage: assumed(150, 'bytes', 'TCP, TLS and MQTT around a payload, and its acknowledgement'),
  machineNetworkBytesPerSecond: assumed(1.25e9, 'bytes', '10 Gbit/s a machine'),
  clickHouseDiskBytes: assumed(30e12, 'bytes', "a ClickHouse machine's disks"),
  kafkaDiskBytes: assumed(10e12, 'bytes', "a Kafka machine's disks"),
} as const satisfies Record<string, Figure>

/** Bytes of a message on Kafka by messages a blob: `npm run bench -- --kafka --only blobs`, payloads of 143 bytes. */
export const blobBytes: readonly { readonly messages: number; readonly bytesPerMessage: number }[] = [
  { messages: 1, bytesPerMessage: 244 },
  { messages: 10, bytesPerMessage: 70 },
  { messages: 100, bytesPerMessage: 37 },
  { messages: 1_000, bytesPerMessage: 28 },
]
export const blobPayloadBytes = 143

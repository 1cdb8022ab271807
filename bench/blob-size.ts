import { encodeMessage, encodeMessageHeader } from '../contracts/envelope.ts'
import { planFleet } from '../simulators/fleet.ts'
import { healthyLife } from '../simulators/healthy-life.ts'
import { createBlobSeal } from '../stream/kafka/blob-seal.ts'
import { createRecordBatchWriter } from '../stream/record-batch.ts'
import { createSealer } from '../stream/seal.ts'

/** What a healthy fleet's messages come to in Kafka, so many in a blob: the fewer, the more a message takes. */
export interface BlobFigures {
  readonly messages: number
  readonly bytesPerMessage: number
  /** Compressing and sealing, and opening again; of a blob. */
  readonly closeCpuUs: number
  readonly openCpuUs: number
}

const sizes = [1, 10, 100, 1_000] as const
const messagesMeasured = 50_000
const payloadBytesMean = (of: readonly Buffer[]): number => of.reduce((sum, { length }) => sum + length, 0) / of.length

const cpuUsOf = (times: number, work: (i: number) => void): number => {
  const from = process.cpuUsage()
  for (let i = 0; i < times; i++) work(i)
  const { user, system } = process.cpuUsage(from)
  return (user + system) / times
}

export const benchBlobs = (): { readonly payloadBytes: number; readonly blobs: readonly BlobFigures[] } => {
  const { devices } = planFleet({ seed: 7, devices: 1_000, senmlShare: 0 })
  const records: { readonly key: Buffer; readonly value: Buffer }[] = []
  const payloads: Buffer[] = []
  for (const event of healthyLife({ devices, startAtMs: 1_795_000_000_000, durationMs: 600_000 })) {
    if (event.kind !== 'message' || records.length === messagesMeasured) continue
    payloads.push(Buffer.from(event.payload))
    const value = encodeMessage(encodeMessageHeader(event), event.payload, event.atMs, false)
    records.push({ key: Buffer.from(event.device), value })
  }
  const seal = createBlobSeal(createSealer(Buffer.alloc(32, 7), 'log'), 'observations.by-device.v1', 0)
  const none = new Uint8Array(0)
  const blobs = sizes.map((size): BlobFigures => {
    const plain: Buffer[] = []
    const writer = createRecordBatchWriter()
    for (let at = 0; at + size <= records.length; at += size) {
      writer.clear()
      for (const { key, value } of records.slice(at, at + size)) writer.push(key, 0, none, value, 0, value.length)
      plain.push(Buffer.from(writer.bytes()))
    }
    const sealed: Buffer[] = []
    const closeCpuUs = cpuUsOf(plain.length, (i) => void sealed.push(seal.close(plain[i]!, true)))
    const openCpuUs = cpuUsOf(sealed.length, (i) => void seal.open(sealed[i]!))
    const bytes = sealed.reduce((sum, { length }) => sum + length, 0)
    return { messages: size, bytesPerMessage: bytes / (plain.length * size), closeCpuUs, openCpuUs }
  })
  return { payloadBytes: payloadBytesMean(payloads), blobs }
}

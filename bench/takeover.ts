import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../contracts/logger.ts'
import { type ChangelogStore, createChangelogStore } from '../stream/kafka/changelog-store.ts'
import { createKafkaClient } from '../stream/kafka/kafka-client.ts'
import { createTopics } from '../stream/kafka/topic-admin.ts'
import { planChangelogs } from '../stream/kafka/topic-plan.ts'
import { createUnopened } from '../stream/kafka/unopened.ts'
import { openLmdbStateStore } from '../stream/lmdb/state-store.ts'
import { createSealer } from '../stream/seal.ts'
import { benchKafkaSettings } from './bench-log.ts'

/** Of one restore: until every key's state was opened in memory. */
export interface RestoreFigures {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly devices: number
}

export interface TakeoverFigures {
  readonly devices: number
  readonly stateBytes: number
  /** What the checkpoints cost that wrote it all: sealed, in Kafka by transactions of 1,000 keys, and in the copy. */
  readonly writeCpuSeconds: number
  /** A machine whose copy is empty takes all partitions. */
  readonly fresh: readonly RestoreFigures[]
  /** One that has followed takes all partitions. */
  readonly standby: readonly RestoreFigures[]
  /** One that has followed takes one partition. */
  readonly standbyOnePartition: readonly RestoreFigures[]
}

const source = 'observations.by-device.v1'
const partitions = 4
const keysPerCheckpoint = 1_000

/** State like a detector's: half of it differs from device to device. */
const stateOf = (device: number, bytes: number): Buffer => {
  const state = Buffer.alloc(bytes, '{"mean":72.5,"variance":3.25,"n":1200}')
  let x = device + 1
  for (let at = 0; at + 4 <= bytes / 2; at += 4) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    state.writeUInt32LE(x, at)
  }
  return state
}

/**
 * How long a detect machine takes to have the state of partitions that another had, once the group gave them to it. Kafka is on the same
 * machine; what is measured is a changelog store with an lmdb copy, as the detect role opens it.
 */
export const benchTakeover = async (options: {
  readonly brokers: readonly string[]
  readonly topicPrefix: string
  readonly repeats: number
  readonly devices?: number
  readonly stateBytes?: number
}): Promise<TakeoverFigures> => {
  const { devices = 100_000, stateBytes = 2_000, topicPrefix, repeats } = options
  const client = createKafkaClient(benchKafkaSettings(options.brokers), silentLogger)
  const admin = client.openAdmin()
  const plan = { topicPrefix, retentionHours: 1, retentionGigabytes: 20, replicationFactor: 1, minInsyncReplicas: 1 }
  await createTopics(admin, planChangelogs(plan, 'bench', [source]))
  await admin.close()
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-bench-takeover-'))
  const sealer = createSealer(Buffer.alloc(32, 7), 'state')
  const names = Array.from({ length: partitions }, (_, partition) => `${source}/${partition}`)
  let machines = 0
  const openMachine = async (): Promise<ChangelogStore> =>
    createChangelogStore({
      client,
      sealer,
      local: await openLmdbStateStore({ directory: join(directory, `machine-${machines++}`), sealer }),
      topicPrefix,
      group: 'bench',
      logger: silentLogger,
      unopened: createUnopened(silentLogger, () => 0),
      isMember: () => true,
      nowMs: () => Date.now(),
      steadyNowMs: () => performance.now(),
      giveUpMs: 30_000,
    })
  const loadAll = async (store: ChangelogStore, which: readonly string[]): Promise<RestoreFigures> => {
    const fromCpu = process.cpuUsage()
    const fromMs = performance.now()
    let loaded = 0
    for (const name of which) for await (const { value } of store.load(name)) if (value.length === stateBytes) loaded++
    const { user, system } = process.cpuUsage(fromCpu)
    return { seconds: (performance.now() - fromMs) / 1e3, cpuSeconds: (user + system) / 1e6, devices: loaded }
  }
  const follow = async (store: ChangelogStore): Promise<void> => {
    for (const name of names) while ((await store.follow(name)) > 0);
  }
  const expectDevices = (figures: RestoreFigures, expected: number): RestoreFigures => {
    if (figures.devices !== expected) throw new Error(`${figures.devices} devices came back of ${expected}`)
    return figures
  }
  try {
    const first = await openMachine()
    for (const name of names) for await (const _ of first.load(name));
    const fromCpu = process.cpuUsage()
    for (const [partition, name] of names.entries())
      for (let at = partition; at < devices; at += partitions * keysPerCheckpoint) {
        const entries = []
        for (let device = at; device < Math.min(devices, at + partitions * keysPerCheckpoint); device += partitions)
          entries.push({ key: `device-${device}`, value: stateOf(device, stateBytes) })
        await first.write(name, entries)
      }
    const wrote = process.cpuUsage(fromCpu)
    await first.close()
    const fresh: RestoreFigures[] = []
    const standby: RestoreFigures[] = []
    const standbyOnePartition: RestoreFigures[] = []
    const share = Array.from({ length: devices }, (_, device) => device % partitions).filter((partition) => partition === 0).length
    for (let i = 0; i < repeats; i++) {
      const knowsNothing = await openMachine()
      fresh.push(expectDevices(await loadAll(knowsNothing, names), devices))
      await knowsNothing.close()
      const hasFollowed = await openMachine()
      await follow(hasFollowed)
      standbyOnePartition.push(expectDevices(await loadAll(hasFollowed, names.slice(0, 1)), share))
      standby.push(expectDevices(await loadAll(hasFollowed, names), devices))
      await hasFollowed.close()
    }
    return { devices, stateBytes, writeCpuSeconds: (wrote.user + wrote.system) / 1e6, fresh, standby, standbyOnePartition }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

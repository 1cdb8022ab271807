import { machinesKnownMax } from '../desk/known-machines.ts'
import { busyShareMax, type Deployment, eventsPerFinding, logRetentionGigabytes, logRetentionHours } from './demand.ts'
import { figures } from './measured.ts'
import { builtPartitions, cpuPerMessage, followingShareMax, type Sizes, sizeParts } from './size-parts.ts'

/** Something that more instances do not widen. */
export interface Limit {
  readonly part: 'edge' | 'kafka' | 'detect' | 'sink' | 'clickhouse' | 'desk'
  readonly name: string
  readonly why: string
  /** What it is bound by: a setting that may be raised, this build, or what a machine is assumed to have. */
  readonly bound: 'setting' | 'build' | 'machine'
  /** How much of it the deployment takes; above 1 it does not carry it. */
  readonly used: number
}

const edgeMemoryMegabytesMax = 2_048
const nodeHeapBytesMax = 4e9
const clickHouseCores = 64
const siteDevicesMax = 20_000
const siteDevicesTypical = 5_000

/** Limits that stay where they are however many machines there are, each as the share of it that is used. */
export const limitsOf = (deployment: Deployment, sizes: Sizes): readonly Limit[] => {
  const { devices } = deployment
  const { messagesPerSecond, findingsPerSecond } = sizes.demand
  const consumerOf = (perMessage: number): number => (messagesPerSecond * perMessage) / (builtPartitions * busyShareMax)
  const registry = devices * figures.registryBytesPerDevice.value
  const onLog = messagesPerSecond * sizes.blobs.bytesPerMessage
  const clickHouse = sizes.parts.find(({ part }) => part === 'clickhouse')!
  const machines = sizes.parts
    .filter(({ part }) => part !== 'kafka' && part !== 'clickhouse')
    .reduce((sum, { instances }) => sum + instances, 0)
  const edges = sizes.parts.find(({ part }) => part === 'edge')!.instances
  return [
    {
      part: 'detect',
      name: 'following changelogs',
      bound: 'build',
      why: 'each detect process reads what all the others checkpoint, in half of the one thread that also detects; what it has not read, a take-over reads',
      used: sizes.followingCores / followingShareMax,
    },
    {
      part: 'detect',
      name: 'one consumer a partition',
      bound: 'build',
      why: `${builtPartitions} partitions a topic of observations, so ${builtPartitions} detect processes of one core`,
      used:
        consumerOf(cpuPerMessage.detect) + (sizes.statesPerSecond * figures.stateWriteCpuUs.value) / 1e6 / (builtPartitions * busyShareMax),
    },
    {
      part: 'sink',
      name: 'one consumer a partition',
      bound: 'build',
      why: `${builtPartitions} partitions a topic of observations, so ${builtPartitions} sinks of one core`,
      used: consumerOf(cpuPerMessage.sink),
    },
    {
      part: 'edge',
      name: 'the registry in memory',
      bound: 'setting',
      why: `each edge holds all devices and is restarted above edge.memoryMegabytesMax (${edgeMemoryMegabytesMax.toLocaleString('en')} MB), a setting`,
      used:
        registry / (edgeMemoryMegabytesMax * 1_048_576 - figures.baseMemoryMb.value * 1e6 - 15_000 * figures.edgeConnectionKb.value * 1e3),
    },
    {
      part: 'edge',
      name: 'connects.v1, read by every edge',
      bound: 'build',
      why: 'full when a sign-in costs all other edges together as much as the one that is connected to',
      used: (edges * figures.logReadCpuUs.value) / 1e3 / figures.edgeConnectCpuMs.value,
    },
    {
      part: 'desk',
      name: 'the registry in memory',
      bound: 'machine',
      why: 'the desk that leads is one process and holds all devices; V8 gives it 4 GB',
      used: registry / nodeHeapBytesMax,
    },
    {
      part: 'desk',
      name: 'machines.v1, machines that it knows',
      bound: 'build',
      why: `a desk shows ${machinesKnownMax} other machines; each process of ours is taken for a machine of its own, as a container is`,
      used: machines / (machinesKnownMax + 1),
    },
    {
      part: 'desk',
      name: 'cases.v1, one partition',
      bound: 'build',
      why: 'one chain, one writer: the desk that leads',
      used: (findingsPerSecond * eventsPerFinding) / figures.casesEventsPerSecond.value,
    },
    {
      part: 'kafka',
      name: 'log.retentionGigabytes',
      bound: 'setting',
      why: `${logRetentionGigabytes} GB a topic by default, a setting: above it less than ${logRetentionHours} hours are kept`,
      used: (onLog * logRetentionHours * 3_600) / (logRetentionGigabytes * 1e9),
    },
    {
      part: 'clickhouse',
      name: "one shard's disk",
      bound: 'machine',
      why: `each replica holds everything; ${figures.clickHouseDiskBytes.value / 1e12} TB a machine`,
      used: clickHouse.diskBytes / clickHouse.instances / figures.clickHouseDiskBytes.value,
    },
    {
      part: 'clickhouse',
      name: "one shard's cores",
      bound: 'machine',
      why: `each replica inserts and merges everything; ${clickHouseCores} cores a machine`,
      used: clickHouse.cores / clickHouse.instances / clickHouseCores,
    },
    {
      part: 'detect',
      name: 'silence, devices of a site',
      bound: 'build',
      why: `a site's state has room for ${siteDevicesMax.toLocaleString('en')} devices; sites of ${siteDevicesTypical.toLocaleString('en')} are assumed, so this is a matter of naming sites`,
      used: Math.min(devices, siteDevicesTypical) / siteDevicesMax,
    },
  ]
}

export interface Saturation extends Limit {
  /** Devices at which it is used up, all else as given; null: not below 10^9. */
  readonly fullAtDevices: number | null
}

const devicesMax = 1e9

/** Every limit with the number of devices that fills it, the first to fill first. */
export const saturationOrder = (deployment: Deployment): readonly Saturation[] => {
  const usedAt = (devices: number): readonly Limit[] => {
    const there = { ...deployment, devices }
    return limitsOf(there, sizeParts(there))
  }
  const full = (index: number): number | null => {
    if (usedAt(devicesMax)[index]!.used < 1) return null
    let [low, high] = [0, devicesMax]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (usedAt(middle)[index]!.used >= 1) high = middle
      else low = middle
    }
    return high
  }
  return usedAt(deployment.devices)
    .map((limit, index) => ({ ...limit, fullAtDevices: full(index) }))
    .sort((a, b) => (a.fullAtDevices ?? Infinity) - (b.fullAtDevices ?? Infinity))
}

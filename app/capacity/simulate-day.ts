import { edgeLimits } from '../../broker/limits.ts'
import { randomFor } from '../../simulators/prng.ts'
import { type Deployment, logRetentionHours, secondsPerDay } from './demand.ts'
import { createFluidQueue, type FluidQueue } from './fluid-queue.ts'
import { cpuPerConnect, cpuPerMessage, followingShareMax, type PartSize, type Sizes } from './size-parts.ts'

/** What waits, and where. */
export type DayQueue = 'connects' | 'devices' | 'detect' | 'sink'

export interface DayEvent {
  readonly name: string
  readonly fromSecond: number
  readonly seconds: number
}

export interface Aftermath {
  readonly event: DayEvent
  readonly queue: DayQueue
  /** The most that waited while it lasted and until it was worked off. */
  readonly queuedMax: number
  /** From the event's end until no more waits than an average step brings; null: not by the end of the second day. */
  readonly drainSeconds: number | null
  /** What was crossed meanwhile. */
  readonly crossed: readonly string[]
}

export interface DayFigures {
  readonly aftermaths: readonly Aftermath[]
  readonly totals: Readonly<Record<DayQueue, { readonly arrived: number; readonly worked: number; readonly queued: number }>>
}

const stepSeconds = 2
/** A quiet day behind the eventful one: for what takes long to drain. */
const days = 2
const hour = 3_600
/** A fleet's devices come back within so long of an outage's end: each waits a random time. */
const comeBackSeconds = 20
/** An edge works on handshakes before messages, up to this share of its cores: what is connected is served meanwhile. */
const handshakeShareMax = 0.7
/** A reading of a device is kept by it for so long while nobody takes it. */
const deviceStoreHours = 2
const { handshakesHalfOpenMax, handshakeTimeoutMs } = edgeLimits.parse({})
const handshakeTimeoutSeconds = handshakeTimeoutMs / 1e3
const peakFactor = 1.5
const peakSeconds = 1_800
const peaks = [7, 15, 23] as const

const outage = { name: 'all devices away for 10 minutes, and back at once', fromSecond: 3 * hour, seconds: 600 }
const kafkaAway = { name: 'Kafka away for an hour', fromSecond: 10 * hour, seconds: hour }
const clickHouseAway = { name: 'ClickHouse away for an hour', fromSecond: 18 * hour, seconds: hour }
const within = ({ fromSecond, seconds }: DayEvent, at: number): boolean => at >= fromSecond && at < fromSecond + seconds

/** Shift changes begin within half an hour of the clock, each a little different. */
const loadOf = (seed: number): ((at: number) => number) => {
  const random = randomFor(seed, 'shift changes')
  const drawn = peaks.map((at) => ({ from: at * hour + random.between(-900, 900), factor: peakFactor * random.between(0.9, 1.1) }))
  return (at) => drawn.reduce((most, { from, factor }) => (at >= from && at < from + peakSeconds ? Math.max(most, factor) : most), 1)
}

/**
 * A day of the deployment as a fluid in steps of two seconds: messages go from devices through edges into Kafka, and are read from there by
 * detectors and sinks, each with the cores that it was given and no more than its partitions let it use.
 */
export const simulateDay = (deployment: Deployment, sizes: Sizes, partitions: number): DayFigures => {
  const { devices, seed } = deployment
  const rate = sizes.demand.messagesPerSecond
  const load = loadOf(seed)
  const coresOf = (name: PartSize['part']): number => sizes.parts.find(({ part }) => part === name)!.cores
  const edgeCores = coresOf('edge')
  const edges = sizes.parts.find(({ part }) => part === 'edge')!.instances
  // A process of one core a partition at most; blobs and checkpoints take their share of it as on average.
  const readerCapacity = (name: 'detect' | 'sink'): number => {
    const { coresBusy, instances } = sizes.parts.find(({ part }) => part === name)!
    const working = Math.min(instances, partitions)
    if (rate === 0) return working / cpuPerMessage[name]
    const followed = name === 'detect' ? Math.min(sizes.followingCores, followingShareMax) : 0
    return (working * (1 - followed) * rate) / (coresBusy - followed * instances)
  }
  const capacity = { detect: readerCapacity('detect'), sink: readerCapacity('sink') }
  const queues: Record<DayQueue, FluidQueue> = {
    connects: createFluidQueue(),
    devices: createFluidQueue(),
    detect: createFluidQueue(),
    sink: createFluidQueue(),
  }
  const watched: readonly { readonly event: DayEvent; readonly queue: DayQueue }[] = [
    { event: outage, queue: 'connects' },
    { event: outage, queue: 'devices' },
    { event: kafkaAway, queue: 'devices' },
    { event: kafkaAway, queue: 'detect' },
    { event: clickHouseAway, queue: 'sink' },
    ...peaks.slice(0, 1).map((at) => ({
      event: { name: 'the shift change in the morning', fromSecond: at * hour - 900, seconds: peakSeconds + 1_800 },
      queue: 'detect' as const,
    })),
  ]
  const found = watched.map(() => ({ queuedMax: 0, drainedAt: null as number | null, crossed: new Set<string>() }))
  const keptMessages = rate * logRetentionHours * hour
  let away = 0

  for (let at = 0; at < days * secondsPerDay; at += stepSeconds) {
    const isFirstDay = at < secondsPerDay
    const isOut = within(outage, at)
    if (at === outage.fromSecond) away = devices
    const coming = isOut ? 0 : Math.min(away, (devices * stepSeconds) / comeBackSeconds)
    away -= coming
    const connectCost = cpuPerConnect(edges)
    const handshakes = isOut ? 0 : ((handshakeShareMax * edgeCores) / connectCost) * stepSeconds
    const routine = isOut ? 0 : sizes.demand.connectsPerSecond * stepSeconds
    const connected = queues.connects.step(coming + routine, handshakes)
    const spentCores = (connected * connectCost) / stepSeconds
    // Who is not connected keeps what it measures: it is at the devices until the edges take it.
    const measured = rate * (isFirstDay ? load(at) : 1) * stepSeconds
    const offline = devices === 0 ? 0 : Math.min(1, (away + queues.connects.queued) / devices)
    const edgeCapacity =
      isOut || within(kafkaAway, at) ? 0 : ((edgeCores - spentCores) / sizes.edgeCpuPerMessage) * stepSeconds * (1 - offline)
    const appended = queues.devices.step(measured, edgeCapacity)
    queues.detect.step(appended, within(kafkaAway, at) ? 0 : capacity.detect * stepSeconds)
    queues.sink.step(appended, within(kafkaAway, at) || within(clickHouseAway, at) ? 0 : capacity.sink * stepSeconds)

    for (const [i, { event, queue }] of watched.entries()) {
      const one = found[i]!
      if (at < event.fromSecond || one.drainedAt !== null) continue
      const { queued } = queues[queue]
      one.queuedMax = Math.max(one.queuedMax, queued)
      const isOver = at >= event.fromSecond + event.seconds
      if (queue === 'connects' && queued > handshakesHalfOpenMax * edges)
        one.crossed.add('limits.handshakesHalfOpenMax: refused, and tried again')
      if (queue === 'connects' && handshakes > 0 && (queued / handshakes) * stepSeconds > handshakeTimeoutSeconds)
        one.crossed.add('limits.handshakeTimeoutMs: given up, and tried again')
      const little = queue === 'connects' ? routine : rate * stepSeconds
      if (isOver && away === 0 && queued <= little) one.drainedAt = at
      if (queue === 'devices' && queued > rate * deviceStoreHours * hour)
        one.crossed.add(`devices have to keep more than ${deviceStoreHours} h`)
      if ((queue === 'detect' || queue === 'sink') && queued > keptMessages) one.crossed.add('the log drops what was not read yet')
    }
  }
  return {
    aftermaths: watched.map(({ event, queue }, i) => {
      const { queuedMax, drainedAt, crossed } = found[i]!
      return {
        event,
        queue,
        queuedMax,
        drainSeconds: drainedAt === null ? null : drainedAt - event.fromSecond - event.seconds,
        crossed: [...crossed],
      }
    }),
    totals: Object.fromEntries(
      Object.entries(queues).map(([name, { arrivedTotal, workedTotal, queued }]) => [
        name,
        { arrived: arrivedTotal, worked: workedTotal, queued },
      ]),
    ) as DayFigures['totals'],
  }
}

import { blobsPhrase, count, duration, rows, size } from './print.ts'
import { type Deployment, logRetentionHours, minutesDays } from './demand.ts'
import { type Saturation, saturationOrder } from './limits.ts'
import { figures, machine } from './measured.ts'
import { type DayFigures, simulateDay } from './simulate-day.ts'
import { builtPartitions, type Sizes, sizeParts } from './size-parts.ts'

export interface CapacityReport {
  readonly deployment: Deployment
  readonly sizes: Sizes
  readonly builtPartitions: number
  /** The first to fill first. */
  readonly saturation: readonly Saturation[]
  readonly day: DayFigures
  readonly figures: typeof figures
  readonly machine: string
}

/** The whole model for one deployment: what it needs, what fills first, and how a bad day goes. */
export const capacityOf = (deployment: Deployment): CapacityReport => {
  const sizes = sizeParts(deployment)
  return {
    deployment,
    sizes,
    builtPartitions,
    saturation: saturationOrder(deployment),
    day: simulateDay(deployment, sizes, sizes.partitions),
    figures,
    machine,
  }
}

const partRows = ({ sizes }: CapacityReport): string[][] => [
  ['part', 'instances', 'cores', 'busy', 'memory', 'disk', 'network'],
  ...sizes.parts.map(({ part, instances, cores, coresBusy, memoryBytes, diskBytes, networkBytesPerSecond }) => [
    part,
    count(instances),
    count(cores),
    count(coresBusy),
    size(memoryBytes),
    diskBytes === 0 ? '' : size(diskBytes),
    networkBytesPerSecond === 0 ? '' : `${size(networkBytesPerSecond)}/s`,
  ]),
]

const saturationRows = ({ saturation }: CapacityReport): string[][] => [
  ['limit', 'of', 'used', 'full at devices', 'why'],
  ...saturation.map(({ part, name, bound, used, fullAtDevices, why }) => [
    `${part}: ${name}`,
    bound,
    `${count(used * 100)} %`,
    fullAtDevices === null ? 'never' : count(fullAtDevices),
    why,
  ]),
]

const whatWaits = {
  connects: 'sign-ins',
  devices: 'messages at devices',
  detect: 'messages for detect',
  sink: 'messages for the sink',
} as const

const dayRows = ({ day }: CapacityReport): string[][] => [
  ['event', 'what waits', 'at most', 'drained after', 'crossed'],
  ...day.aftermaths.map(({ event, queue, queuedMax, drainSeconds, crossed }) => [
    event.name,
    whatWaits[queue],
    count(queuedMax),
    drainSeconds === null ? 'not within the next day' : duration(drainSeconds),
    crossed.join('; '),
  ]),
]

const named = ({ part, name }: Saturation): string => `${part}, ${name}`

/** For people. */
export const tellCapacity = (report: CapacityReport): string => {
  const { deployment, sizes, saturation } = report
  const { messagesPerSecond } = sizes.demand
  const full = saturation.filter(({ used, bound }) => used > 1 && bound !== 'setting')
  const raised = saturation.filter(({ used, bound }) => used > 1 && bound === 'setting')
  const first = saturation.find(({ bound }) => bound !== 'setting')!
  return [
    `${count(deployment.devices)} devices, ${count(messagesPerSecond)} messages/s of ${count(deployment.payloadBytes)} bytes, ${blobsPhrase(sizes.blobs)}`,
    `${count(sizes.statesPerSecond)} states/s checkpointed; ${count(sizes.partitions)} partitions a topic of observations needed, ${builtPartitions} built`,
    `Kafka keeps ${logRetentionHours} hours in ${deployment.replication} copies; ClickHouse readings ${deployment.retentionDays} days, minutes ${minutesDays} days`,
    '',
    ...rows(partRows(report)),
    '',
    full.length === 0
      ? `Nothing is full. First would be: ${named(first)}, at ${count(first.fullAtDevices ?? Infinity)} devices.`
      : `Full, the first to fill first: ${full.map(named).join('; ')}.`,
    ...(raised.length === 0
      ? []
      : [`Settings to be raised: ${raised.map(({ name, used }) => `${name}, ${count(used)} times`).join('; ')}.`]),
    '',
    ...rows(saturationRows(report)),
    '',
    `A day, simulated (seed ${deployment.seed}), with the partitions that are needed:`,
    ...rows(dayRows(report)),
    '',
    `From figures measured on ${machine}, and assumptions: --json lists each with its command.`,
    '',
  ].join('\n')
}

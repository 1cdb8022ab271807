import { count, duration, size } from './print.ts'
import { figures, machine } from './measured.ts'
import { builtPartitions } from './size-parts.ts'
import { type CapacityReport, capacityOf } from './report.ts'

const fleets = [10_000, 100_000, 1_000_000, 10_000_000] as const
const deployed = { messagesPerSecondPerDevice: 0.5, payloadBytes: 222, retentionDays: 90, replication: 3, lingerMs: 16, seed: 1 }

const table = (cells: readonly (readonly string[])[]): string[] => {
  const [head, ...body] = cells
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`
  return [line(head!), `|${'---|'.repeat(head!.length)}`, ...body.map(line)]
}

const byFleet = (what: string, reports: readonly CapacityReport[], cell: (report: CapacityReport) => string): string[] => [
  what,
  ...reports.map(cell),
]

/** The tables of docs/scale.md: `wardwatch capacity --table`. */
export const capacityMarkdown = (): string => {
  const reports = fleets.map((devices) => capacityOf({ ...deployed, devices }))
  const parts = reports[0]!.sizes.parts.map(({ part }) => part)
  const events = reports[0]!.day.aftermaths
  return [
    ...table([
      byFleet('devices', reports, ({ deployment }) => count(deployment.devices)),
      byFleet('messages/s', reports, ({ sizes }) => count(sizes.demand.messagesPerSecond)),
      byFleet('blobs/s on Kafka', reports, ({ sizes }) => count(sizes.blobs.blobsPerSecond)),
      byFleet('bytes a message there', reports, ({ sizes }) => count(sizes.blobs.bytesPerMessage)),
      byFleet('states/s checkpointed', reports, ({ sizes }) => count(sizes.statesPerSecond)),
      byFleet(`partitions a topic (built: ${builtPartitions})`, reports, ({ sizes }) => count(sizes.partitions)),
      ...parts.map((name) =>
        byFleet(name, reports, ({ sizes }) => {
          const { instances, cores, memoryBytes, diskBytes } = sizes.parts.find(({ part }) => part === name)!
          return `${count(instances)} x, ${count(cores)} cores, ${size(memoryBytes)}${diskBytes === 0 ? '' : `, disk ${size(diskBytes)}`}`
        }),
      ),
      byFleet('full', reports, ({ saturation }) => {
        const full = saturation.filter(({ used, bound }) => used > 1 && bound !== 'setting')
        return full.length === 0 ? 'nothing' : full.map(({ part, name }) => `${part}: ${name}`).join('; ')
      }),
    ]),
    '',
    ...table([
      ['limit, the first to fill first', 'bound by', 'full at devices', 'why'],
      ...reports[0]!.saturation.map(({ part, name, bound, fullAtDevices, why }) => [
        `${part}: ${name}`,
        bound,
        fullAtDevices === null ? 'never' : count(fullAtDevices),
        why,
      ]),
    ]),
    '',
    ...table([
      byFleet('a bad day: the most that waits, and how long it takes to drain', reports, ({ deployment }) => count(deployment.devices)),
      ...events.map(({ event, queue }, i) =>
        byFleet(`${event.name}: ${queue}`, reports, ({ day }) => {
          const { queuedMax, drainSeconds, crossed } = day.aftermaths[i]!
          const drained = drainSeconds === null ? 'not drained' : duration(drainSeconds)
          return `${count(queuedMax)}, ${drained}${crossed.length === 0 ? '' : ` (${crossed.join('; ')})`}`
        }),
      ),
    ]),
    '',
    ...table([
      [`figure (${machine})`, 'value', 'from'],
      ...Object.entries(figures).map(([name, { value, unit, from, ...rest }]) => [
        name,
        `${value.toLocaleString('en')} ${unit}`,
        'assumed' in rest ? `assumed: ${from}` : `\`${from}\``,
      ]),
    ]),
    '',
  ].join('\n')
}

import type { HistogramSnapshot } from '../../contracts/histogram.ts'
import type { ObservationKind } from '../../contracts/observation.ts'
import type { PartitionFigures } from './partition-runner.ts'

/** What the host has done since it started. Plain JSON: it travels between processes. */
export interface HostStats {
  readonly records: number
  readonly clocks: number
  readonly dropped: number
  readonly late: number
  readonly ahead: number
  readonly timers: number
  readonly derived: number
  readonly keys: number
  readonly evictedKeys: number
  readonly unreadableKeys: number
  /** Gaps that retention tore before they were read. */
  readonly outOfRange: number
  readonly observations: Readonly<Record<ObservationKind, number>>
  readonly findings: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  readonly deadLetters: Readonly<Record<string, number>>
  /** By `topic/partition`: records behind the end. */
  readonly lag: Readonly<Record<string, number>>
  /** By `topic/partition`: where it goes on. */
  readonly nextOffset: Readonly<Record<string, number>>
  /** By `topic/partition`: findings and derived observations that are not durable yet. */
  readonly waiting: Readonly<Record<string, number>>
  /** By `topic/partition`, ms. */
  readonly watermarkMs: Readonly<Record<string, number>>
  readonly checkpoint: {
    readonly written: number
    readonly failed: number
    /** The longest of the partitions' last ones. */
    readonly lastMs: number
    readonly lastKeys: number
    readonly lastBytes: number
    readonly stateBytesMean: number
    readonly stateBytesMax: number
  }
  /** Record time of the trigger to the finding's being durable. */
  readonly recordToFinding: HistogramSnapshot
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

const sumByName = (tables: readonly Readonly<Partial<Record<string, number>>>[]): Record<string, number> => {
  const total: Record<string, number> = {}
  for (const table of tables) for (const [name, count] of Object.entries(table)) total[name] = (total[name] ?? 0) + (count ?? 0)
  return total
}

/** One picture out of the partitions'. */
export const sumFigures = (partitions: readonly PartitionFigures[], outOfRange: number, recordToFinding: HistogramSnapshot): HostStats => {
  const total = (of: (figures: PartitionFigures) => number): number => sum(partitions.map(of))
  const byPartition = (of: (figures: PartitionFigures) => number): Record<string, number> =>
    Object.fromEntries(partitions.map((figures) => [`${figures.topic}/${figures.partition}`, of(figures)]))
  const withState = partitions.filter(({ checkpoint }) => checkpoint.stateBytesMean > 0)
  return {
    records: total((p) => p.records),
    clocks: total((p) => p.clocks),
    dropped: total((p) => p.dropped),
    late: total((p) => p.late),
    ahead: total((p) => p.ahead),
    timers: total((p) => p.timers),
    derived: total((p) => p.derived),
    keys: total((p) => p.keys),
    evictedKeys: total((p) => p.evictedKeys),
    unreadableKeys: total((p) => p.unreadableKeys),
    outOfRange,
    observations: {
      reading: total((p) => p.observations.reading),
      session: total((p) => p.observations.session),
      posture: total((p) => p.observations.posture),
      presence: total((p) => p.observations.presence),
    },
    findings: sumByName(partitions.map((p) => p.findings)),
    faults: sumByName(partitions.map((p) => p.faults)),
    deadLetters: sumByName(partitions.map((p) => p.deadLetters)),
    lag: byPartition((p) => p.lag),
    nextOffset: byPartition((p) => p.nextOffset),
    waiting: byPartition((p) => p.waiting),
    watermarkMs: byPartition((p) => p.watermarkMs),
    checkpoint: {
      written: total((p) => p.checkpoint.written),
      failed: total((p) => p.checkpoint.failed),
      lastMs: Math.max(0, ...partitions.map((p) => p.checkpoint.lastMs)),
      lastKeys: total((p) => p.checkpoint.lastKeys),
      lastBytes: total((p) => p.checkpoint.lastBytes),
      // Of devices: what the bar is about. Sources and cohorts are few.
      stateBytesMean: meanStateBytes(withState),
      stateBytesMax: Math.max(0, ...partitions.map((p) => p.checkpoint.stateBytesMax)),
    },
    recordToFinding,
  }
}

const meanStateBytes = (partitions: readonly PartitionFigures[]): number => {
  const keys = sum(partitions.map((p) => p.keys))
  return keys === 0 ? 0 : sum(partitions.map((p) => p.checkpoint.stateBytesMean * p.keys)) / keys
}

import type { ClickHouseClient } from '@clickhouse/client'
import type { Finding } from '../../contracts/finding.ts'
import { readRows } from '../read-rows.ts'

interface Mark {
  readonly offset: number
  readonly index: number
}

/**
 * Tells a finding that the host appended again after a crash. Of one source partition the findings stand in a partition of `findings.v1` in
 * the order of (offset, index), such repeats excepted: so one at or below the highest seen is a repeat. Marks are kept for each pair
 * of findings partition and source partition, so it does not matter how the host spreads its findings.
 */
export interface FindingMarks {
  /** True for the first time; moves the mark. */
  pass(findingsPartition: number, finding: Finding): boolean
  load(findingsPartition: number, sourceTopic: string, sourcePartition: number, mark: Mark): void
  /** Nothing was seen. */
  forget(): void
}

export const createFindingMarks = (): FindingMarks => {
  const marks = new Map<string, Mark>()
  const nameOf = (findingsPartition: number, topic: string, partition: number): string => `${findingsPartition} ${topic}/${partition}`
  return {
    pass(findingsPartition, { position, index }) {
      const name = nameOf(findingsPartition, position.topic, position.partition)
      const mark = marks.get(name)
      if (mark !== undefined && (position.offset < mark.offset || (position.offset === mark.offset && index <= mark.index))) return false
      marks.set(name, { offset: position.offset, index })
      return true
    },
    load(findingsPartition, topic, partition, mark) {
      marks.set(nameOf(findingsPartition, topic, partition), mark)
    },
    forget: () => marks.clear(),
  }
}

/** Learns the marks from the findings below `resumeAt` of each partition of `findings.v1`; those beyond it are read from the log again, landed or not. */
export const loadFindingMarks = async (
  client: ClickHouseClient,
  marks: FindingMarks,
  resumeAt: ReadonlyMap<number, number>,
): Promise<void> => {
  for (const [findingsPartition, offset] of resumeAt) {
    const rows = await readRows<[string, number, number, number]>(
      client,
      `SELECT source_topic, source_partition, (max((source_offset, source_index)) AS mark).1, mark.2 FROM findings
       WHERE log_topic = 'findings.v1' AND log_partition = ${findingsPartition} AND log_offset < ${offset}
       GROUP BY source_topic, source_partition SETTINGS output_format_json_quote_64bit_integers = 0`,
    )
    for (const [topic, partition, sourceOffset, index] of rows)
      marks.load(findingsPartition, topic, partition, { offset: sourceOffset, index })
  }
}

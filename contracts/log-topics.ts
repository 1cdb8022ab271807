/** The topics of the durable log. The partition count of a topic never changes once data is in it. */
export interface LogTopic {
  readonly partitions: number
  /** 'keep': never dropped (the registry and the evidence); 'expire': dropped by time and bytes, as the settings say. */
  readonly retention: 'expire' | 'keep'
  /** Kept for so long at most, whatever the settings say. */
  readonly hoursMax?: number
}

const observationPartitions = 4

export const logTopics = {
  'observations.by-device.v1': { partitions: observationPartitions, retention: 'expire' },
  'observations.by-source.v1': { partitions: observationPartitions, retention: 'expire' },
  'observations.by-cohort.v1': { partitions: observationPartitions, retention: 'expire' },
  /** That a device has signed in, for the other edges: whichever held it lets go of it. Only where there are several. */
  'connects.v1': { partitions: observationPartitions, retention: 'expire' },
  'findings.v1': { partitions: observationPartitions, retention: 'expire' },
  'cases.v1': { partitions: 1, retention: 'keep' },
  'commands.v1': { partitions: observationPartitions, retention: 'expire' },
  'dead-letters.v1': { partitions: 1, retention: 'expire' },
  /** Notifiers, paging rules and the outbox of pages. */
  'paging.v1': { partitions: 1, retention: 'keep' },
  /** Accounts, sessions and API tokens of the console. */
  'accounts.v1': { partitions: 1, retention: 'keep' },
  'registry.v1': { partitions: 1, retention: 'keep' },
  /** How each machine is, every few seconds, for the desks on others. Only where there are several; nobody asks what it was before. */
  'machines.v1': { partitions: 1, retention: 'expire', hoursMax: 1 },
  /** Which desk leads, since when: where there may be several. */
  'leaders.v1': { partitions: 1, retention: 'keep' },
} as const satisfies Record<string, LogTopic>

export type LogTopicName = keyof typeof logTopics

/** What only the desk that leads appends to (edges beside it, to `commands.v1`): where there are several, whoever led before is refused. */
export const ledTopics = [
  'cases.v1',
  'accounts.v1',
  'paging.v1',
  'registry.v1',
  'commands.v1',
  'leaders.v1',
] as const satisfies readonly LogTopicName[]

/** What a detector may be keyed by, and the topic that brings it observations under that key. */
export const topicByKey = {
  device: 'observations.by-device.v1',
  source: 'observations.by-source.v1',
  cohort: 'observations.by-cohort.v1',
} as const satisfies Record<string, LogTopicName>

export type KeyedBy = keyof typeof topicByKey

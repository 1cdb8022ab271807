import { type LogTopic, logTopics, type LogTopicName, topicByKey } from '../../contracts/log-topics.ts'
import { messageBytesMax } from './blob-limits.ts'

/** How the log's topics are to be in Kafka. */
export interface TopicPlanOptions {
  /** Put before each topic's name, for a cluster that is shared. */
  readonly topicPrefix: string
  readonly retentionHours: number
  /** What a topic keeps, over all its partitions, GB. */
  readonly retentionGigabytes: number
  /** -1: the cluster's default. */
  readonly replicationFactor: number
  /** Null: the cluster's default. */
  readonly minInsyncReplicas: number | null
}

export interface PlannedTopic {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly config: Readonly<Record<string, string>>
}

const briefSegmentMs = 600_000

/** 'keep' topics keep everything; none is compacted: the chain of cases needs each link, and a message is a blob of many keys. */
export const planTopics = (options: TopicPlanOptions, topics = Object.keys(logTopics) as LogTopicName[]): readonly PlannedTopic[] =>
  topics.map((topic) => {
    const { partitions, retention, hoursMax = Infinity }: LogTopic = logTopics[topic]
    const expires = retention === 'expire'
    return {
      name: `${options.topicPrefix}${topic}`,
      partitions,
      replicationFactor: options.replicationFactor,
      config: {
        'cleanup.policy': 'delete',
        'retention.ms': expires ? String(Math.round(Math.min(options.retentionHours, hoursMax) * 3_600_000)) : '-1',
        // Kafka drops whole segments: by default one is written to for a week.
        ...(hoursMax < Infinity ? { 'segment.ms': String(briefSegmentMs) } : {}),
        // Kafka's limit is a partition's.
        'retention.bytes': expires ? String(Math.round((options.retentionGigabytes * 1e9) / partitions)) : '-1',
        'max.message.bytes': String(messageBytesMax),
        // The blobs come compressed and sealed.
        'compression.type': 'producer',
        'message.timestamp.type': 'LogAppendTime',
        // A replica that lacks what was acknowledged must never lead.
        'unclean.leader.election.enable': 'false',
        ...(options.minInsyncReplicas === null ? {} : { 'min.insync.replicas': String(options.minInsyncReplicas) }),
      },
    }
  })

/** A node that was away for less than half of this reads only the tail of a changelog: deletions stay in it for so long. */
export const changelogDeletionsKeptMs = 7 * 86_400_000

/** The topic that keeps a group's state of a source topic. */
export const changelogName = (topicPrefix: string, group: string, source: string): string => `${topicPrefix}changelog.${group}.${source}`

/** The changelogs of a group's state: one a source topic, with as many partitions, compacted by key. */
export const planChangelogs = (options: TopicPlanOptions, group: string, sources: readonly LogTopicName[]): readonly PlannedTopic[] =>
  sources.map((source) => ({
    name: changelogName(options.topicPrefix, group, source),
    partitions: logTopics[source].partitions,
    replicationFactor: options.replicationFactor,
    config: {
      'cleanup.policy': 'compact',
      'delete.retention.ms': String(changelogDeletionsKeptMs),
      // A key is rewritten every few seconds: a small part of the topic is alive, so it is compacted early and in small pieces.
      'min.cleanable.dirty.ratio': '0.3',
      'segment.bytes': '104857600',
      'max.message.bytes': String(messageBytesMax),
      'unclean.leader.election.enable': 'false',
      ...(options.minInsyncReplicas === null ? {} : { 'min.insync.replicas': String(options.minInsyncReplicas) }),
    },
  }))

/** The group that chooses which desk leads. */
export const leaderGroup = 'desk-leader'

/** The transactional name that the desk which leads writes under. */
export const leaderName = (topicPrefix: string): string => `${topicPrefix}desk-leader`

/** The group of the detectors. */
export const detectGroup = 'detect'

/** Every topic that a deployment needs on Kafka: the log's, and the changelogs of the detectors' state. */
export const planDeployment = (options: TopicPlanOptions): readonly PlannedTopic[] => [
  ...planTopics(options),
  ...planChangelogs(options, detectGroup, Object.values(topicByKey)),
]

import { counter, gauge, type MetricSpec, type Sample, seconds } from './metric.ts'

/** Figures of a topic in `EventLog.stats()`, where they stand under `TOPIC.name`. */
const ofTopic: Readonly<Record<string, MetricSpec>> = {
  commits: counter('log_commits', 'Group commits of a topic.'),
  failures: counter('log_commit_failures', 'Group commits that failed.'),
  records: counter('log_records', 'Records that were appended.'),
  bytes: counter('log_bytes', 'Bytes that were appended.'),
  queueRecords: gauge('log_queue_records', 'Records that wait to be durable.'),
  queueBytes: gauge('log_queue_bytes', 'Their bytes.'),
  lingerMs: seconds('log_linger', 'How long a record waits for company at the moment.'),
  commitMsP50: seconds('log_commit_p50', 'Half of the group commits since the start took at most so long.'),
  commitMsP99: seconds('log_commit_p99', '99 of 100 group commits since the start took at most so long.'),
  conflictsLost: counter('log_conflicts_lost', 'Commits that another writer came before.'),
  conflictsLocked: counter('log_conflicts_locked', 'Commits that waited for another writer.'),
}

const ofLog: Readonly<Record<string, MetricSpec>> = {
  brokerAwayMs: seconds('log_broker_away', 'Since when Kafka takes nothing; 0 while it does.'),
  readAwayMs: seconds('log_read_away', 'Since when something of Kafka can not be read; 0 while all can.'),
  unopened: counter('log_unopened', 'Messages on Kafka that do not open with the key of the log, and were passed over.'),
  clockAheadMs: seconds('log_clock_ahead', "How far the machine's clock is ahead of Kafka's, at least."),
  clockBehindMs: seconds('log_clock_behind', "How far it is behind Kafka's, at least."),
  consumers: gauge('log_consumers', 'Consumers of the log in the process.'),
}

const scaled = (spec: MetricSpec, value: number): number => value * (spec.scale ?? 1)

/** A role's log. Sums over topics, which stand beside them without a topic, are Prometheus's to make. */
export const logSamples = (stats: Readonly<Record<string, unknown>>, labels: Readonly<Record<string, string>>): Sample[] =>
  Object.entries(stats).flatMap(([key, value]): Sample[] => {
    if (typeof value !== 'number') return []
    const at = key.lastIndexOf('.')
    const [topic, name] = at < 0 ? [null, key] : [key.slice(0, at), key.slice(at + 1)]
    if (topic === null) {
      const spec = ofLog[name]
      return spec === undefined ? [] : [{ spec, labels, value: scaled(spec, value) }]
    }
    const spec = ofTopic[name]
    return spec === undefined ? [] : [{ spec, labels: { ...labels, topic }, value: scaled(spec, value) }]
  })

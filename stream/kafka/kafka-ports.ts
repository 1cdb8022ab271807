import type { KafkaFailure } from './kafka-failure.ts'

/** What the adapter needs of a Kafka client. `kafka-client.ts` offers it on kafkajs. */
export interface KafkaClient {
  openProducer(): KafkaProducer
  openTransactions(name: string): KafkaTransactions
  openReader(): KafkaReader
  join(options: MembershipOptions): KafkaMembership
  openAdmin(): KafkaAdmin
}

export interface KafkaProducer {
  /** One attempt to write one batch of one partition, acks=all. Attempts of a producer follow one another. */
  send(topic: string, partition: number, values: readonly Buffer[]): Promise<SendOutcome>
  close(): Promise<void>
}

/** `appendedAtMs`: when the broker took it, by its clock, if it says so. `maybeWritten`: whether the batch can be in the log although the attempt failed. */
export type SendOutcome =
  | { readonly ok: true; readonly appendedAtMs?: number | undefined }
  | { readonly ok: false; readonly maybeWritten: boolean; readonly failure: KafkaFailure }

export interface FetchWish {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What was committed, where a partition is written in transactions. */
export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** Where to go on: behind the messages, and what was passed over (a transaction's markers, what was never committed). */
  readonly after: number
  /** The offset after the last message, as far as is known. */
  readonly end: number
  readonly messages: readonly { readonly offset: number; readonly value: Buffer; readonly appendedAtMs?: number | undefined }[]
}

export interface PartitionEnds {
  readonly topic: string
  readonly partition: number
  readonly earliest: number
  readonly next: number
}

/** Reads partitions without a group. What fails is told as kafkajs's error: `failureOf` reads it. */
export interface KafkaReader {
  /** Loads who leads the partitions of these topics; again when a leader has gone. */
  prepare(topics: readonly string[]): Promise<void>
  /** Gives up the connections: the next `prepare` makes new ones. */
  reset(): Promise<void>
  /** The node to ask for a partition; undefined while nobody leads it. */
  leaderOf(topic: string, partition: number): string | undefined
  fetch(leader: string, wishes: readonly FetchWish[], limits: FetchLimits): Promise<readonly FetchedPartition[]>
  ends(partitions: readonly { readonly topic: string; readonly partition: number }[]): Promise<readonly PartitionEnds[]>
  /** The same for a partition that is written in transactions: what they committed, keys and deletions included. */
  fetchCommitted(leader: string, wish: FetchWish, limits: FetchLimits): Promise<CommittedRecords>
  close(): Promise<void>
}

export interface CommittedRecords {
  /** Where to go on; the records before it that are not here were never committed. */
  readonly after: number
  readonly records: readonly StateRecord[]
}

/** One key's state in a changelog. */
export interface StateRecord {
  /** By which Kafka compacts. */
  readonly place: Buffer
  /** Null: deleted. */
  readonly sealed: Buffer | null
  /** The key itself, sealed; only beside a deletion, which has no value to hold it. */
  readonly sealedKey: Buffer | null
}

/** Writes in transactions under one name; whoever claims the name last is the only one who can. */
export interface KafkaTransactions {
  /** From now on everybody else who wrote under this name is refused; what they left open is undone. */
  claim(): Promise<void>
  /** All of it or nothing. Answers the offset after the last record. After a rejection it has to be claimed anew. */
  write(topic: string, partition: number, records: readonly StateRecord[]): Promise<number>
  /** The same for values without keys, of several partitions. After a failure it has to be claimed anew. */
  writeBlobs(
    parts: readonly { readonly topic: string; readonly partition: number; readonly values: readonly Buffer[] }[],
  ): Promise<TransactionOutcome>
  close(): Promise<void>
}

/** `nexts`: of each part the offset after its last message. `maybeWritten`: whether it was committed is known once the name is claimed anew. */
export type TransactionOutcome =
  | { readonly ok: true; readonly nexts: readonly number[] }
  | { readonly ok: false; readonly maybeWritten: boolean; readonly failure: KafkaFailure }

export interface FetchLimits {
  readonly waitMsMax: number
  readonly bytesMax: number
  readonly partitionBytesMax: number
}

export interface MembershipOptions {
  readonly group: string
  readonly topics: readonly string[]
  readonly sessionMs: number
  readonly rebalanceMs: number
  /** Before it joins, at first and again: give back what is held. The group waits for it, up to `rebalanceMs`. */
  readonly onJoining: () => Promise<void>
  readonly onJoined: (assigned: readonly { readonly topic: string; readonly partition: number }[]) => void
  /** The group has heard of this member: so long ago, ms, at most. */
  readonly onContact: (agoMs: number) => void
  /** The group has gone on without it. */
  readonly onForgotten: () => void
  /** It can't be a member; kafkajs has given up when `final`. */
  readonly onTrouble: (failure: KafkaFailure, final: boolean) => void
}

export interface KafkaMembership {
  start(): Promise<void>
  /** Commits Kafka's offsets under this generation; rejects when the member is fenced. */
  commit(offsets: readonly FetchWish[]): Promise<void>
  close(): Promise<void>
}

/** What creates and checks topics, and what tests break them with. Rejects with kafkajs's errors. */
export interface KafkaAdmin {
  /** Without those that do not exist. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, { readonly partitions: number; readonly replicas: number }>>
  /** Null when this user may not read configurations. */
  describeConfigs(names: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>> | null>
  createTopics(topics: readonly TopicToCreate[]): Promise<void>
  deleteTopics(names: readonly string[]): Promise<void>
  /** Drops what lies below Kafka's offset, as retention does. */
  deleteRecordsBelow(topic: string, partition: number, offset: number): Promise<void>
  allow(rules: readonly AllowRule[]): Promise<void>
  /** Takes every right of a user. */
  disallow(user: string): Promise<void>
  close(): Promise<void>
}

export interface TopicToCreate {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly config: Readonly<Record<string, string>>
}

/** One right of one user. */
export interface AllowRule {
  readonly user: string
  readonly operation: 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs'
  readonly resource: 'topic' | 'group' | 'transactional-id'
  readonly name: string
  /** The name is a beginning of names. */
  readonly prefixed: boolean
}

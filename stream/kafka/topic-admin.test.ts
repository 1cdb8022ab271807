import { expect, it } from 'vitest'
import { type LogTopic, type LogTopicName, logTopics } from '../../contracts/log-topics.ts'
import type { KafkaAdmin } from './kafka-ports.ts'
import { checkTopics, tellDifference } from './topic-admin.ts'
import { planChangelogs, planTopics } from './topic-plan.ts'

const plan = planTopics({ topicPrefix: 'ward.', retentionHours: 72, retentionGigabytes: 20, replicationFactor: 3, minInsyncReplicas: 2 })
const byDevice = plan.find(({ name }) => name === 'ward.observations.by-device.v1')!

/** A cluster that has what is planned, but for what a test changes. */
const clusterWith = (change: {
  readonly partitions?: number
  readonly replicas?: number
  readonly config?: Readonly<Record<string, string>>
  readonly hidden?: boolean
  readonly absent?: boolean
}): KafkaAdmin =>
  ({
    describeTopics: async (names: readonly string[]) =>
      new Map(
        plan
          .filter(({ name }) => names.includes(name) && !(change.absent === true && name === byDevice.name))
          .map(({ name, partitions, replicationFactor }) => [
            name,
            name === byDevice.name
              ? { partitions: change.partitions ?? partitions, replicas: change.replicas ?? replicationFactor }
              : { partitions, replicas: replicationFactor },
          ]),
      ),
    describeConfigs: async () =>
      change.hidden === true
        ? null
        : new Map(
            plan.map(({ name, config }) => [
              name,
              new Map(Object.entries(name === byDevice.name ? { ...config, ...change.config } : config)),
            ]),
          ),
  }) as unknown as KafkaAdmin

it('a cluster as planned has no differences', async () =>
  expect(await checkTopics(clusterWith({}), plan)).toEqual({ missing: [], differences: [], configHidden: false }))

it('says what is missing, and that a configuration may not be read', async () => {
  expect((await checkTopics(clusterWith({ absent: true }), plan)).missing).toEqual([byDevice])
  expect(await checkTopics(clusterWith({ hidden: true }), plan)).toEqual({ missing: [], differences: [], configHidden: true })
})

it.each([
  ['fewer partitions', { partitions: 2 }, 'ward.observations.by-device.v1: partitions is 2, and must be 4'],
  ['partitions that somebody has added', { partitions: 6 }, 'ward.observations.by-device.v1: partitions is 6, not 4'],
  ['fewer copies', { replicas: 1 }, 'ward.observations.by-device.v1: replication factor is 1, not 3'],
  [
    'compaction',
    { config: { 'cleanup.policy': 'compact' } },
    'ward.observations.by-device.v1: cleanup.policy is compact, and must be delete',
  ],
  [
    'room for too small messages',
    { config: { 'max.message.bytes': '1048588' } },
    'ward.observations.by-device.v1: max.message.bytes is 1048588, and must be 2097152',
  ],
  ['another retention', { config: { 'retention.ms': '60000' } }, 'ward.observations.by-device.v1: retention.ms is 60000, not 259200000'],
  [
    'an unsafe election',
    { config: { 'unclean.leader.election.enable': 'true' } },
    'ward.observations.by-device.v1: unclean.leader.election.enable is true, not false',
  ],
])('tells %s', async (_name, change, told) => {
  const { differences } = await checkTopics(clusterWith(change), plan)
  expect(differences.map(tellDifference)).toEqual([told])
})

it.each([
  ['compact,delete', 'changelog.detect.observations.by-device.v1: cleanup.policy is compact,delete, and must be compact'],
  ['delete', 'changelog.detect.observations.by-device.v1: cleanup.policy is delete, and must be compact'],
  ['', 'changelog.detect.observations.by-device.v1: cleanup.policy is , not compact'],
])('a changelog with the policy %j', async (policy, told) => {
  const options = { topicPrefix: '', retentionHours: 72, retentionGigabytes: 20, replicationFactor: 3, minInsyncReplicas: 2 }
  const [changelog] = planChangelogs(options, 'detect', ['observations.by-device.v1'])
  const { name, partitions, replicationFactor, config } = changelog!
  const admin = {
    describeTopics: async () => new Map([[name, { partitions, replicas: replicationFactor }]]),
    describeConfigs: async () => new Map([[name, new Map(Object.entries({ ...config, 'cleanup.policy': policy }))]]),
  } as unknown as KafkaAdmin
  const { differences } = await checkTopics(admin, [changelog!])
  expect(differences.map(tellDifference)).toEqual([told])
})

it.each([
  ['retention.ms', '3600000'],
  ['retention.bytes', '1000000'],
])('what is kept for ever may not have a %s', async (key, value) => {
  const cases = plan.find(({ name }) => name === 'ward.cases.v1')!
  const admin = {
    describeTopics: async () => new Map([[cases.name, { partitions: 1, replicas: 3 }]]),
    describeConfigs: async () => new Map([[cases.name, new Map(Object.entries({ ...cases.config, [key]: value }))]]),
  } as unknown as KafkaAdmin
  const { differences } = await checkTopics(admin, [cases])
  expect(differences.map(tellDifference)).toEqual([`ward.cases.v1: ${key} is ${value}, and must be -1`])
})

it('keeps what must be kept, and drops the rest by time and by bytes of each partition', () => {
  for (const { name, config, partitions } of plan) {
    const topic = name.slice('ward.'.length) as LogTopicName
    const { retention, hoursMax }: LogTopic = logTopics[topic]
    const keeps = retention === 'keep'
    expect([topic, config['retention.ms']]).toEqual([topic, keeps ? '-1' : hoursMax === 1 ? '3600000' : '259200000'])
    expect([topic, config['segment.ms']]).toEqual([topic, hoursMax === undefined ? undefined : '600000'])
    expect([topic, config['retention.bytes']]).toEqual([topic, keeps ? '-1' : String(20e9 / partitions)])
    expect(config['cleanup.policy']).toBe('delete')
  }
})

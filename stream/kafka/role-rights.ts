import { ledTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { AllowRule } from './kafka-ports.ts'
import { changelogName, detectGroup, leaderName } from './topic-plan.ts'

/** What a role does with the log, and so all that its Kafka user may. */
export interface RoleRights {
  readonly writes: readonly LogTopicName[]
  readonly reads: readonly LogTopicName[]
  /** Its consumer groups by the beginning of their names. */
  readonly groups: readonly string[]
  /** The groups whose state it keeps on Kafka. */
  readonly states?: readonly string[]
  /** Whether it may stand for the lead of the desks. */
  readonly leads?: boolean
}

export const kafkaRoles = ['edge', 'detect', 'sink', 'desk', 'bridge'] as const
export type KafkaRole = (typeof kafkaRoles)[number]

/** The one table of who may what; the script, the tests and the documentation are made from it. Every machine tells of itself by one of its roles. */
export const roleRights: Readonly<Record<KafkaRole, RoleRights>> = {
  edge: {
    writes: [
      'observations.by-device.v1',
      'observations.by-source.v1',
      'observations.by-cohort.v1',
      'commands.v1',
      'connects.v1',
      'machines.v1',
    ],
    reads: ['registry.v1', 'commands.v1', 'connects.v1'],
    groups: ['registry-', 'commands-', 'connects-'],
  },
  detect: {
    writes: ['findings.v1', 'observations.by-cohort.v1', 'machines.v1'],
    reads: ['observations.by-device.v1', 'observations.by-source.v1', 'observations.by-cohort.v1'],
    groups: ['detect'],
    states: [detectGroup],
  },
  sink: {
    writes: ['machines.v1'],
    reads: ['observations.by-device.v1', 'observations.by-source.v1', 'findings.v1', 'cases.v1', 'dead-letters.v1'],
    groups: ['wardwatch-sink'],
  },
  desk: {
    writes: [...ledTopics, 'machines.v1'],
    // What it led by is looked up in what it has written, commands too; the observations only to tell how far behind history is: the first one
    // that has not landed.
    reads: ['findings.v1', ...ledTopics, 'machines.v1', 'observations.by-device.v1', 'observations.by-source.v1'],
    groups: ['registry-', 'triage', 'desk-'],
    leads: true,
  },
  bridge: { writes: ['observations.by-device.v1', 'dead-letters.v1', 'machines.v1'], reads: [], groups: [] },
}

/**
 * The rights of a role's user. `Read` and `Write` bring `Describe` with them, and since Kafka 3 `Write` on a topic is enough for an
 * idempotent producer. Nobody but who creates the topics may create, alter or delete.
 */
export const rulesOf = (role: KafkaRole, user: string, prefix: string): readonly AllowRule[] => {
  const { writes, reads, groups, states = [], leads = false } = roleRights[role]
  const topic = (operation: 'Read' | 'Write') => (name: LogTopicName) =>
    ({ user, operation, resource: 'topic', name: `${prefix}${name}`, prefixed: false }) as const
  return [
    ...writes.map(topic('Write')),
    ...reads.map(topic('Read')),
    ...states.flatMap((group) => {
      const name = changelogName(prefix, group, '')
      return [
        { user, operation: 'Write', resource: 'topic', name, prefixed: true },
        { user, operation: 'Read', resource: 'topic', name, prefixed: true },
        { user, operation: 'Write', resource: 'transactional-id', name, prefixed: true },
      ] as const
    }),
    ...(leads ? ([{ user, operation: 'Write', resource: 'transactional-id', name: leaderName(prefix), prefixed: false }] as const) : []),
    ...groups.map((name) => ({ user, operation: 'Read', resource: 'group', name: `${prefix}${name}`, prefixed: true }) as const),
  ]
}

/** The rights of who runs `wardwatch kafka topics`: to see the topics, how they are configured, and to create them. */
export const topicsRules = (user: string, names: readonly string[]): readonly AllowRule[] =>
  names.flatMap((name) =>
    (['Describe', 'DescribeConfigs', 'Create'] as const).map((operation) => ({
      user,
      operation,
      resource: 'topic',
      name,
      prefixed: false,
    })),
  )

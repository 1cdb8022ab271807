import type { KafkaAdmin } from './kafka-ports.ts'
import type { PlannedTopic } from './topic-plan.ts'

/** Where a topic is not as planned. `fatal`: the log can't be used with it. */
export interface TopicDifference {
  readonly name: string
  readonly what: string
  readonly wanted: string
  readonly found: string
  readonly fatal: boolean
}

export interface TopicCheck {
  readonly missing: readonly PlannedTopic[]
  readonly differences: readonly TopicDifference[]
}

/**
 * Compares the plan with what there is; nothing is altered. The configuration is compared where this user may read it: a role that may
 * not sees partitions only, and `configHidden` is told.
 */
export const checkTopics = async (
  admin: KafkaAdmin,
  plan: readonly PlannedTopic[],
): Promise<TopicCheck & { readonly configHidden: boolean }> => {
  const found = await admin.describeTopics(plan.map(({ name }) => name))
  const missing = plan.filter(({ name }) => !found.has(name))
  const there = plan.filter(({ name }) => found.has(name))
  const differences: TopicDifference[] = []
  const configs =
    there.length === 0 ? new Map<string, ReadonlyMap<string, string>>() : await admin.describeConfigs(there.map(({ name }) => name))
  for (const { name, partitions, replicationFactor, config } of there) {
    const { partitions: count, replicas } = found.get(name)!
    // What is beyond the planned ones stays empty; Kafka can't take it back.
    if (count !== partitions)
      differences.push({ name, what: 'partitions', wanted: String(partitions), found: String(count), fatal: count < partitions })
    if (replicationFactor > 0 && replicas !== replicationFactor)
      differences.push({ name, what: 'replication factor', wanted: String(replicationFactor), found: String(replicas), fatal: false })
    const here = configs?.get(name)
    if (here === undefined) continue
    for (const [key, wanted] of Object.entries(config)) {
      const value = here.get(key)
      if (value === undefined || value === wanted) continue
      const fatal =
        (key === 'cleanup.policy' && losesRecords(wanted, value)) ||
        (key === 'max.message.bytes' && Number(value) < Number(wanted)) ||
        // What is to be kept for ever: the evidence, accounts, the registry.
        ((key === 'retention.ms' || key === 'retention.bytes') && wanted === '-1' && Number(value) >= 0)
      differences.push({ name, what: key, wanted, found: value, fatal })
    }
  }
  return { missing, differences, configHidden: configs === null }
}

/** A blob has no key to compact by; a changelog that drops by time (`compact,delete`, too) loses state. Without any policy nothing is dropped. */
const losesRecords = (wanted: string, found: string): boolean => {
  const policies = found.split(',')
  return wanted === 'compact' ? policies.includes('delete') : policies.includes('compact')
}

export const tellDifference = ({ name, what, wanted, found, fatal }: TopicDifference): string =>
  `${name}: ${what} is ${found}, ${fatal ? 'and must be' : 'not'} ${wanted}`

/** Creates what is missing; somebody else may have done so meanwhile. */
export const createTopics = async (admin: KafkaAdmin, missing: readonly PlannedTopic[]): Promise<void> => {
  if (missing.length > 0) await admin.createTopics(missing)
}

/**
 * What a failed request means for who made it:
 * - away: nobody answered, or nobody could serve it now; the same may work later
 * - refused: it will not work until somebody changes something (authentication, authorisation, a name or a size that is not allowed)
 * - out-of-range: the offset is not held; `topic` and `partition` say where
 * - fenced: the group goes on without this member, or rebalances
 * - rejected: the broker will not take this batch under this producer's sequence: it is not in the log
 * - duplicate: it is in the log already
 * - taken: somebody else has claimed the name that this producer writes under
 */
export interface KafkaFailure {
  readonly kind: 'away' | 'refused' | 'out-of-range' | 'fenced' | 'rejected' | 'duplicate' | 'taken'
  readonly message: string
  readonly topic?: string
  readonly partition?: number
}

const refused = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INVALID_TOPIC_EXCEPTION',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_GROUP_ID',
  'INCONSISTENT_GROUP_PROTOCOL',
  'UNSUPPORTED_VERSION',
])
const forgotten = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])
const fenced = new Set([...forgotten, 'REBALANCE_IN_PROGRESS'])
// A newer sequence than expected: what came before it is lost, and this batch was not taken.
const rejected = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID'])
// Told to transactions only: a plain producer's epoch is its own.
const taken = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])

interface Told {
  readonly name?: string
  readonly type?: string
  readonly message?: string
  readonly topic?: string
  readonly partition?: number
  readonly cause?: unknown
  /** Of one that stands for several, by topic. */
  readonly errors?: readonly Told[]
}

/** Of one that stands for several, so many different reasons are told. */
const reasonsMax = 3

/** Of a heartbeat: the group has gone on without this member. */
export const isForgotten = (error: unknown): boolean => forgotten.has((error as Told).type ?? '')

/** Reads kafkajs's errors, which wrap one another: the innermost that says something decides. */
export const failureOf = (error: unknown): KafkaFailure => {
  const chain: Told[] = []
  for (let at = error as Told | null | undefined; typeof at === 'object' && at !== null && chain.length < 8; at = at.cause as Told)
    chain.push(at)
  const several = chain.flatMap(({ errors = [] }) => errors)
  const reasons = [...new Set(several.map(({ message: reason }) => reason ?? ''))].slice(0, reasonsMax)
  const message = [chain[0]?.message ?? String(error), ...reasons].join(': ')
  chain.push(...several)
  for (const { name, type = '', topic, partition } of chain.toReversed()) {
    if (name === 'KafkaJSOffsetOutOfRange' && topic !== undefined && partition !== undefined)
      return { kind: 'out-of-range', message, topic, partition }
    if (refused.has(type) || name === 'KafkaJSSASLAuthenticationError') return { kind: 'refused', message }
    if (fenced.has(type)) return { kind: 'fenced', message }
    if (taken.has(type)) return { kind: 'taken', message }
    if (rejected.has(type)) return { kind: 'rejected', message }
    if (type === 'DUPLICATE_SEQUENCE_NUMBER') return { kind: 'duplicate', message }
  }
  return { kind: 'away', message }
}

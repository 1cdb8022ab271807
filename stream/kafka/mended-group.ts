import { createRequire } from 'node:module'

/** Of kafkajs's `ConsumerGroup`, what is mended. */
interface ConsumerGroup {
  /** Null: the brokers do not know it, or not any more. */
  readonly memberId: string | null
  heartbeat(of: { readonly interval: number }): Promise<void>
}

const inside = createRequire(import.meta.url)
const { prototype: group } = inside('kafkajs/src/consumer/consumerGroup.js') as { prototype: ConsumerGroup }
const { KafkaJSProtocolError } = inside('kafkajs/src/errors.js') as {
  KafkaJSProtocolError: new (of: {
    readonly message: string
    readonly type: string
    readonly code: number
    readonly retriable: boolean
  }) => Error
}

// A member that its group has forgotten joins again; when that fails, kafkajs goes on as if it had not, sends no heartbeat, and stands still for
// good. Told that the group rebalances, it joins.
// oxlint-disable-next-line typescript/unbound-method
const heartbeat = group.heartbeat
group.heartbeat = async function heartbeatOrJoin(this: ConsumerGroup, of): Promise<void> {
  if (this.memberId === null)
    throw new KafkaJSProtocolError({
      message: 'this member has to join its group again',
      type: 'REBALANCE_IN_PROGRESS',
      code: 27,
      retriable: false,
    })
  return heartbeat.call(this, of)
}

import { LogUnavailable } from '../../contracts/event-log.ts'
import { failureOf, type KafkaFailure } from './kafka-failure.ts'
import type { FetchedPartition, KafkaTransactions, PartitionEnds, SendOutcome } from './kafka-ports.ts'
import type { ProducerLanes } from './producer-lanes.ts'

/** Lanes that one process at a time can write: whoever claims them last. */
export interface FencedLanes extends ProducerLanes {
  /** From here on whoever claimed them before is refused, and nothing of theirs comes any more. Rejects with kafkajs's errors. */
  claim(): Promise<void>
}

export interface FencedLanesOptions {
  readonly transactions: KafkaTransactions
  /** Asked before and after a claim that follows a failure: null when it may, else why not; `taken`: somebody else writes here now. */
  readonly mayClaimAgain: () => Promise<KafkaFailure | null>
  readonly ends: (parts: readonly { readonly topic: string; readonly partition: number }[]) => Promise<readonly PartitionEnds[]>
  readonly fetchFrom: (topic: string, partition: number, offset: number) => Promise<FetchedPartition | 'out-of-range'>
}

interface Lane {
  readonly topic: string
  readonly partition: number
  /** Kafka's offset behind the last message that is known: what may have been written is looked for from here. */
  known: number
  /** Sent for commit, and not answered. */
  doubt: readonly Buffer[] | null
  /** Found in the log after a claim. */
  found: readonly Buffer[] | null
}

interface Waiting {
  readonly lane: Lane
  readonly values: readonly Buffer[]
  readonly resolve: (outcome: SendOutcome) => void
}

/** kafkajs counts a partition's messages in 31 bits: a claim begins anew long before. */
const messagesPerClaimMax = 1_000_000_000

/**
 * All lanes share one transactional name. What waits in them goes in one transaction; while it is under way, the next gathers. A commit
 * that was not answered is settled by claiming the name anew (which ends it one way or the other) and looking for it in the log.
 */
export const createFencedLanes = (options: FencedLanesOptions): FencedLanes => {
  const { transactions, mayClaimAgain, ends, fetchFrom } = options
  const lanes: Lane[] = []
  let waiting: Waiting[] = []
  let claimed = false
  let everClaimed = false
  let messages = 0
  let running: Promise<void> | null = null

  const isIn = async (lane: Lane, values: readonly Buffer[], end: number): Promise<boolean> => {
    for (let at = lane.known; at < end;) {
      const answer = await fetchFrom(lane.topic, lane.partition, at)
      if (answer === 'out-of-range') throw new Error(`${lane.topic}/${lane.partition} no longer holds what was written last`)
      // Sealed with a nonce of its own: the same bytes are the same blob.
      if (answer.messages.some(({ value }) => value.equals(values[0]!))) return true
      at = answer.after
    }
    return false
  }

  const claim = async (): Promise<void> => {
    await transactions.claim()
    const at = await ends(lanes.map(({ topic, partition }) => ({ topic, partition })))
    for (const [i, lane] of lanes.entries()) {
      const end = at[i]!.next
      if (lane.doubt !== null) lane.found = (await isIn(lane, lane.doubt, end)) ? lane.doubt : null
      lane.doubt = null
      lane.known = end
    }
    claimed = true
    everClaimed = true
    messages = 0
  }

  const claimAgain = async (): Promise<KafkaFailure | null> => {
    if (!everClaimed) return { kind: 'taken', message: 'this desk does not lead' }
    try {
      const barred = (await mayClaimAgain()) ?? (await claim().then(mayClaimAgain))
      if (barred !== null) claimed = false
      return barred
    } catch (error) {
      claimed = false
      return error instanceof LogUnavailable ? { kind: 'away', message: error.message } : failureOf(error)
    }
  }

  const fail = (some: readonly Waiting[], failure: KafkaFailure, maybeWritten: boolean): void => {
    for (const { resolve } of some) resolve({ ok: false, maybeWritten, failure })
  }

  const write = async (some: readonly Waiting[]): Promise<void> => {
    if (!claimed || messages > messagesPerClaimMax) {
      const failure = await claimAgain()
      if (failure !== null)
        return fail(
          some,
          failure,
          some.some(({ lane }) => lane.doubt !== null),
        )
    }
    const found = some.filter(({ lane, values }) => lane.found === values)
    for (const { lane, resolve } of found) {
      lane.found = null
      resolve({ ok: true })
    }
    const rest = some.filter((one) => !found.includes(one))
    if (rest.length === 0) return
    const outcome = await transactions.writeBlobs(rest.map(({ lane: { topic, partition }, values }) => ({ topic, partition, values })))
    if (outcome.ok) {
      for (const [i, { lane, values, resolve }] of rest.entries()) {
        lane.known = outcome.nexts[i]!
        messages += values.length
        resolve({ ok: true })
      }
      return
    }
    claimed = false
    if (outcome.maybeWritten) for (const { lane, values } of rest) lane.doubt = values
    // A broker also calls a name another's that it has ended itself, for a transaction took too long: `mayClaimAgain` knows which it is.
    const failure: KafkaFailure = outcome.failure.kind === 'taken' ? { kind: 'away', message: outcome.failure.message } : outcome.failure
    fail(rest, failure, outcome.maybeWritten)
  }

  const run = async (): Promise<void> => {
    // What is sent in the same turn goes together.
    await Promise.resolve()
    while (waiting.length > 0) {
      const some = waiting
      waiting = []
      try {
        await write(some)
      } catch (error) {
        fail(some, failureOf(error), true)
      }
    }
    running = null
  }

  return {
    lane(topic, partition) {
      const lane: Lane = { topic, partition, known: 0, doubt: null, found: null }
      lanes.push(lane)
      return {
        send: (values) =>
          new Promise((resolve) => {
            waiting.push({ lane, values, resolve })
            running ??= run()
          }),
      }
    },
    claim,
    async close() {
      await transactions.close()
    },
  }
}

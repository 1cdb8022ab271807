import type { FetchedPartition } from './kafka-ports.ts'

/** Of kafkajs, as it decodes a broker's answer to a fetch. */
export interface FetchAnswer {
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly PartitionAnswer[]
  }[]
}

export interface PartitionAnswer {
  readonly partition: number
  readonly highWatermark: string
  /** Below it nothing is undecided. */
  readonly lastStableOffset?: string
  readonly abortedTransactions?: readonly AbortedTransaction[]
  readonly messages: readonly FetchedMessage[]
}

interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

export interface FetchedMessage {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer | null>>
  readonly isControlRecord?: boolean
  /** By the broker's clock, ms. */
  readonly appendedAtMs?: number | undefined
  readonly batchContext?: { readonly inTransaction?: boolean; readonly producerId?: string }
}

/** kafkajs's own filter. */
export type WithoutAborted = (of: {
  readonly messages: readonly FetchedMessage[]
  readonly abortedTransactions: readonly AbortedTransaction[]
}) => readonly FetchedMessage[]

const nothing = Buffer.alloc(0)

/** Reads what was committed out of a broker's answers. */
export const createAnswerReader = (withoutAborted: WithoutAborted) => {
  /** The filter takes the transactions to be in order; a broker does not promise it. */
  const committedOf = (messages: readonly FetchedMessage[], aborted: readonly AbortedTransaction[] = []): readonly FetchedMessage[] =>
    withoutAborted({ messages, abortedTransactions: aborted.toSorted((a, b) => Number(a.firstOffset) - Number(b.firstOffset)) })

  return {
    committedOf,
    /**
     * Where an answer is cut off behind a transaction's message, what is behind that is not known yet (its marker takes an offset, too): it is
     * left for the next answer, so that who reads the last record knows that it is the last. A lone message is not: nothing would ever come.
     */
    fetchedOf(topic: string, answer: PartitionAnswer, asked: number): FetchedPartition {
      const { partition, highWatermark, lastStableOffset = highWatermark, abortedTransactions } = answer
      const stable = Number(lastStableOffset)
      const raw = answer.messages.filter(({ offset }) => Number(offset) >= asked)
      const last = raw.at(-1)
      const cut =
        raw.length > 1 && last!.isControlRecord !== true && last!.batchContext?.inTransaction === true && Number(last!.offset) + 1 < stable
      const known = cut ? raw.slice(0, -1) : raw
      const after = known.length === 0 ? asked : Number(known.at(-1)!.offset) + 1
      // Nothing of ours is without a value: who reads has to hear of it as of all else that does not open.
      const messages = committedOf(known, abortedTransactions).flatMap(({ offset, value, isControlRecord, appendedAtMs }) =>
        isControlRecord === true ? [] : [{ offset: Number(offset), value: value ?? nothing, appendedAtMs }],
      )
      const lastEnd = messages.length === 0 ? asked : messages.at(-1)!.offset + 1
      return { topic, partition, after, end: after < stable ? stable : lastEnd, messages }
    },
  }
}

import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { BlobSeal } from './blob-seal.ts'
import type { RangeReader } from './range-reader.ts'

/** What keeps everything first: its oldest messages are from before whoever writes now. */
const inOrder = (Object.keys(logTopics) as LogTopicName[]).toSorted(
  (a, b) => Number(logTopics[b].retention === 'keep') - Number(logTopics[a].retention === 'keep'),
)

/** What can't be read at once is left out. */
const once = 0

/** So many of a partition's newest messages are tried; of its oldest, as many as come in one answer. */
const newestMessages = 64

/**
 * Looks in the whole log for a message that opens with our key, in `asked` first: its oldest messages, which whoever writes now has not written, and its
 * newest. What this process may not read is left out. Rejects when `asked` itself can't be read now.
 */
export const lookForOpened = async (
  asked: LogTopicName,
  options: {
    readonly nameOf: (topic: LogTopicName) => string
    readonly sealOf: (topic: LogTopicName, partition: number) => BlobSeal
    /** Of its own for each topic: a topic that is not there spoils the reader that was asked for it. Closed after it. */
    readonly openReader: () => Pick<RangeReader, 'ends' | 'fetchFrom' | 'close'>
  },
): Promise<boolean> => {
  const { nameOf, sealOf, openReader } = options

  const opensIn = async (topic: LogTopicName, triesMs?: number): Promise<boolean> => {
    const reader = openReader()
    const opensFrom = async (partition: number, offset: number): Promise<boolean> => {
      const answer = await reader.fetchFrom(nameOf(topic), partition, offset, triesMs)
      return answer !== 'out-of-range' && answer.messages.some(({ value }) => opens(sealOf(topic, partition), value))
    }
    try {
      const partitions = Array.from({ length: logTopics[topic].partitions }, (_, partition) => ({ topic: nameOf(topic), partition }))
      for (const { partition, earliest, next } of await reader.ends(partitions, triesMs)) {
        if (earliest === next) continue
        if (await opensFrom(partition, earliest)) return true
        if (await opensFrom(partition, Math.max(earliest, next - newestMessages))) return true
      }
      return false
    } finally {
      await reader.close()
    }
  }

  if (await opensIn(asked)) return true
  for (const topic of inOrder) {
    if (topic === asked) continue
    try {
      if (await opensIn(topic, once)) return true
    } catch {
      // Not this role's to read, not there, or not now: another topic may tell.
    }
  }
  return false
}

const opens = (seal: BlobSeal, value: Buffer): boolean => {
  try {
    seal.open(value)
    return true
  } catch {
    return false
  }
}

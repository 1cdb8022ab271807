import { SealBroken, type Sealer } from '../../contracts/secrets.ts'
import { createChangelogCodec } from './changelog-codec.ts'
import type { KafkaReader } from './kafka-ports.ts'

const limits = { waitMsMax: 100, bytesMax: 8_388_608, partitionBytesMax: 8_388_608 }

/**
 * Whether anything at the beginning of a changelog's partitions opens with our key: what whoever writes now has not written. One partition that opens is
 * enough; that none does is only known once all were read. One that can't be read now (nobody leads it) is asked for again, as `served` does, and
 * rejects in the end: an outage says nothing of a key.
 */
export const lookInChangelog = (options: {
  readonly topic: string
  readonly partitions: number
  readonly reader: Pick<KafkaReader, 'prepare' | 'leaderOf' | 'ends' | 'fetchCommitted'>
  readonly sealer: Sealer
  readonly served: <T>(what: string, ask: () => Promise<T>) => Promise<T>
}): Promise<boolean> => {
  const { topic, partitions, reader, sealer, served } = options
  const unread = new Set(Array.from({ length: partitions }, (_, partition) => partition))

  const opensIn = async (partition: number): Promise<boolean> => {
    const leader = reader.leaderOf(topic, partition)
    if (leader === undefined) throw new Error(`nobody leads ${topic}/${partition} now`)
    const codec = createChangelogCodec(sealer, `${topic}/${partition}`)
    const [ends] = await reader.ends([{ topic, partition }])
    const { records } = await reader.fetchCommitted(leader, { topic, partition, offset: ends!.earliest }, limits)
    return records.some((record) => {
      try {
        codec.decode(record)
        return true
      } catch (error) {
        if (error instanceof SealBroken) return false
        throw error
      }
    })
  }

  return served(`looking in ${topic} for what opens`, async () => {
    let trouble: unknown = null
    // A partition that nobody leads may be all that is wrong with it.
    await reader.prepare([topic]).catch((error: unknown) => (trouble = error))
    for (const partition of unread) {
      try {
        if (await opensIn(partition)) return true
        unread.delete(partition)
      } catch (error) {
        trouble ??= error
      }
    }
    if (unread.size > 0) throw trouble
    return false
  })
}

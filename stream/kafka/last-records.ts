import type { FetchedPartition, PartitionEnds } from './kafka-ports.ts'

/** Where a partition's last record ends: behind it there may be a transaction's marker, or what was never committed. */
export interface LastRecords {
  /** @param ends as Kafka tells them. Answers Kafka's offset after the last message that is there to be read. */
  endOf(ends: PartitionEnds): Promise<number>
}

/** A message and its marker. */
const firstStep = 2
const wider = 8

/** Looks back from the end, further each time, until there is a message. Remembered for as long as the end does not move. */
export const createLastRecords = (
  fetchFrom: (topic: string, partition: number, offset: number) => Promise<FetchedPartition | 'out-of-range'>,
): LastRecords => {
  const known = new Map<string, { readonly next: number; readonly end: number }>()

  const lastIn = async (topic: string, partition: number, from: number, to: number): Promise<number | null> => {
    let end: number | null = null
    for (let at = from; at < to;) {
      // Below the end there is something: an empty answer is a broker that is behind for a moment.
      const answer = await fetchFrom(topic, partition, at)
      // Retention has dropped it meanwhile.
      if (answer === 'out-of-range') return null
      const last = answer.messages.findLast(({ offset }) => offset < to)
      if (last !== undefined) end = last.offset + 1
      at = answer.after
    }
    return end
  }

  return {
    async endOf({ topic, partition, earliest, next }) {
      if (earliest === next) return next
      const name = `${topic}/${partition}`
      const before = known.get(name)
      if (before?.next === next) return Math.max(before.end, earliest)
      let end: number | null = null
      for (let step = firstStep, to = next; end === null && to > earliest; step *= wider) {
        const from = Math.max(earliest, to - step)
        end = await lastIn(topic, partition, from, to)
        to = from
      }
      known.set(name, { next, end: end ?? earliest })
      return end ?? earliest
    },
  }
}

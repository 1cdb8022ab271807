import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'

const topic = 'observations.by-device.v1'

/** What became of the records of a campaign. */
export interface KillTally {
  readonly acknowledged: number
  /** Refused with `LogUnavailable`: promised not to be in the log. */
  readonly refused: number
  readonly found: number
  readonly missing: readonly string[]
  readonly twice: readonly string[]
  /** Refused, and in the log all the same. */
  readonly ghosts: readonly string[]
  /** Later in its partition than one of the same writer that was appended after it. */
  readonly outOfOrder: readonly string[]
  /** What a consumer was given all the while, which keeps its place as detector state does. */
  readonly consumed: number
  readonly consumedTwice: readonly string[]
}

/** mulberry32: the seed decides when the broker dies. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const idOf = (value: Uint8Array): string => Buffer.from(value).toString().replace(/\.+$/, '')

/**
 * Writers append without a pause while `round` does harm; then everything is read back. Half of the writers try again what was
 * refused, as the edge does; the others go on with new records, which shows that refused means not written.
 */
export const runKillRounds = async (options: {
  readonly log: EventLog
  readonly rounds: number
  readonly writers: number
  readonly recordsPerAppend: number
  readonly round: (number: number) => Promise<void>
}): Promise<KillTally> => {
  const { log, rounds, writers, recordsPerAppend, round } = options
  const acknowledged = new Map<string, number>()
  const refused = new Set<string>()
  let stopping = false
  let appended = 0

  const write = async (writer: number): Promise<void> => {
    for (let append = 0; !stopping; append++) {
      // Out of step with the others, so that some wait behind what is under way when the broker dies.
      if (writer % 2 === 1) await new Promise((resolve) => setTimeout(resolve, writer))
      const ids = Array.from({ length: recordsPerAppend }, (_, i) => `${writer}/${append}/${i}`)
      const records = ids.map((id, i) => ({ key: `device-${(writer * 7 + i) % 50}`, value: Buffer.from(id.padEnd(200, '.')) }))
      for (;;) {
        try {
          await log.append(topic, records)
          for (const id of ids) acknowledged.set(id, appended++)
          break
        } catch (error) {
          if (!(error instanceof LogUnavailable) || error.reason !== 'broker-away') throw error
          await new Promise((resolve) => setTimeout(resolve, 50))
          if (writer % 2 === 0 && !stopping) continue
          for (const id of ids) refused.add(id)
          break
        }
      }
    }
  }
  const consumed = new Set<string>()
  const consumedTwice: string[] = []
  const places = new Map<number, number>()
  const consumer = await log.consume({
    topics: [topic],
    group: 'all-the-while',
    onAssigned: async (assigned) => assigned.map(({ partition }) => places.get(partition) ?? 'earliest'),
    async onBatch({ partition, records, nextOffset }) {
      for (const { value } of records) {
        const id = idOf(value)
        if (consumed.has(id)) consumedTwice.push(id)
        consumed.add(id)
      }
      places.set(partition, nextOffset)
    },
  })
  const writing = Array.from({ length: writers }, (_, writer) => write(writer))
  for (let number = 0; number < rounds; number++) await round(number)
  stopping = true
  await Promise.all(writing)

  const times = new Map<string, number>()
  const outOfOrder: string[] = []
  for (const { partition, earliest, next } of await log.ranges([topic])) {
    const last = new Map<string, number>()
    for await (const batch of log.read(topic, partition, earliest, next))
      for (const { value } of batch.records) {
        const id = idOf(value)
        times.set(id, (times.get(id) ?? 0) + 1)
        const [writer = '', append = '', i = ''] = id.split('/')
        const place = Number(append) * recordsPerAppend + Number(i)
        if (place <= (last.get(writer) ?? -1)) outOfOrder.push(id)
        last.set(writer, place)
      }
  }
  for (let waits = 0; consumed.size < times.size && waits < 300; waits++) await new Promise((resolve) => setTimeout(resolve, 100))
  await consumer.close()
  return {
    consumed: consumed.size,
    consumedTwice,
    acknowledged: acknowledged.size,
    refused: refused.size,
    found: times.size,
    missing: [...acknowledged.keys()].filter((id) => !times.has(id)),
    twice: [...times].filter(([, count]) => count > 1).map(([id]) => id),
    ghosts: [...refused].filter((id) => times.has(id)),
    outOfOrder,
  }
}

export const killTopics = [topic] as const

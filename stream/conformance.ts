import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type AppendRecord,
  type ConsumeOptions,
  type EventLog,
  type LogBatch,
  type LogConsumer,
  logKeyBytesMax,
  LogUnavailable,
  logValueBytesMax,
  type StartPosition,
} from '../contracts/event-log.ts'
import { logTopics, type LogTopicName } from '../contracts/log-topics.ts'
import { partitionOf } from '../contracts/partitioner.ts'

/** A log on a place of its own. `reopen` closes it and opens the same place again. */
export interface LogUnderTest {
  readonly log: EventLog
  reopen(): Promise<EventLog>
  cleanup(): Promise<void>
  /**
   * Drops a topic's records below an offset as retention would, at least those that lie well below it; absent when the adapter
   * can't be made to. The suite asks `ranges` for what is left.
   */
  dropBelow?(topic: LogTopicName, partition: number, offset: number): Promise<void>
}

const topic = 'observations.by-device.v1'
const single = 'cases.v1'
const partitions = logTopics[topic].partitions

const record = (key: string, value: string, partition?: number): AppendRecord =>
  partition === undefined ? { key, value: Buffer.from(value) } : { key, value: Buffer.from(value), partition }

interface Seen {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
}

/** Keeps what a consumer is given, copied, and lets a test wait until there is enough. */
const createCollector = () => {
  const seen: Seen[] = []
  const batches: number[] = []
  let waiting: { readonly enough: () => boolean; readonly resolve: () => void }[] = []
  return {
    seen,
    batches,
    take: async (batch: LogBatch): Promise<void> => {
      batches.push(batch.records.length)
      for (const { offset, key, value } of batch.records)
        seen.push({ partition: batch.partition, offset, key, value: Buffer.from(value).toString() })
      waiting = waiting.filter(({ enough, resolve }) => {
        if (enough()) resolve()
        return !enough()
      })
    },
    until(count: number): Promise<void> {
      const enough = (): boolean => seen.length >= count
      return enough() ? Promise.resolve() : new Promise((resolve) => waiting.push({ enough, resolve }))
    },
    values: (): string[] => seen.map(({ value }) => value),
  }
}

const from =
  (position: StartPosition): ConsumeOptions['onAssigned'] =>
  async (assigned) =>
    assigned.map(() => position)

const readAll = async (log: EventLog, name: LogTopicName): Promise<Seen[]> => {
  const all: Seen[] = []
  for (const { partition, earliest, next } of await log.ranges([name]))
    for await (const batch of log.read(name, partition, earliest, next))
      for (const { offset, key, value } of batch.records) all.push({ partition, offset, key, value: Buffer.from(value).toString() })
  return all
}

/** What every `EventLog` must do, whatever it is made of. Uses the port alone. */
export const describeEventLog = (name: string, open: () => Promise<LogUnderTest>): void => {
  describe(`${name} is an event log`, () => {
    let underTest: LogUnderTest | undefined
    const consumers: LogConsumer[] = []
    const start = async (): Promise<EventLog> => {
      underTest = await open()
      return underTest.log
    }
    const consume = async (log: EventLog, options: Partial<ConsumeOptions> & Pick<ConsumeOptions, 'onBatch'>): Promise<LogConsumer> => {
      const consumer = await log.consume({ topics: [topic], group: 'test', onAssigned: from('earliest'), ...options })
      consumers.push(consumer)
      return consumer
    }
    afterEach(async () => {
      await Promise.all(consumers.splice(0).map((consumer) => consumer.close()))
      await underTest?.cleanup()
      underTest = undefined
    })

    it('keeps the order of a key', async () => {
      const log = await start()
      for (let i = 0; i < 30; i++)
        await log.append(
          topic,
          ['a', 'b', 'c'].map((key) => record(key, `${key}${i}`)),
        )
      const seen = createCollector()
      await consume(log, { onBatch: seen.take })
      await seen.until(90)
      for (const key of ['a', 'b', 'c'])
        expect(seen.seen.filter((one) => one.key === key).map(({ value }) => value)).toEqual(
          Array.from({ length: 30 }, (_, i) => `${key}${i}`),
        )
    })

    it("places a record by murmur2 of its key, as Kafka's partitioner does, unless it names its partition", async () => {
      const log = await start()
      const keys = Array.from({ length: 40 }, (_, i) => `device-${i}-ä`)
      await log.append(
        topic,
        keys.map((key) => record(key, key)),
      )
      for (let partition = 0; partition < partitions; partition++) await log.append(topic, [record('clock', 'tick', partition)])
      const placed = (await readAll(log, topic)).filter(({ value }) => value !== 'tick')
      expect(placed).toHaveLength(40)
      for (const { key, partition } of placed) expect([key, partition]).toEqual([key, partitionOf(key, partitions)])
      const ticks = (await readAll(log, topic)).filter(({ value }) => value === 'tick').map(({ partition }) => partition)
      expect(ticks).toEqual([0, 1, 2, 3])
    })

    it('has what it acknowledged after it is closed and opened again, and goes on after it', async () => {
      let log = await start()
      await log.append(topic, [record('a', '1'), record('a', '2')])
      const before = await readAll(log, topic)
      log = await underTest!.reopen()
      expect(await readAll(log, topic)).toEqual(before)
      await log.append(topic, [record('a', '3')])
      const after = await readAll(log, topic)
      expect(after.map(({ value }) => value)).toEqual(['1', '2', '3'])
      expect(after.slice(0, 2)).toEqual(before)
    })

    it('gives ascending offsets, and says where to go on', async () => {
      const log = await start()
      const ends: number[] = []
      const offsets: number[] = []
      for (let i = 0; i < 5; i++)
        await log.append(
          single,
          Array.from({ length: 7 }, (_, j) => record('k', `${i}.${j}`)),
        )
      const [range] = await log.ranges([single])
      for await (const batch of log.read(single, 0, range!.earliest, range!.next)) {
        offsets.push(...batch.records.map(({ offset }) => offset))
        ends.push(batch.nextOffset)
        expect(batch.nextOffset).toBeGreaterThan(batch.records.at(-1)!.offset)
        expect(batch.endOffset).toBeGreaterThanOrEqual(batch.nextOffset)
      }
      expect(offsets).toHaveLength(35)
      for (let i = 1; i < offsets.length; i++) expect(offsets[i]).toBeGreaterThan(offsets[i - 1]!)
      expect(offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0)).toBe(true)
      expect(ends.at(-1)).toBe(range!.next)
    })

    it('goes on at the offset that a consumer answers, wherever in a batch that lies', async () => {
      const log = await start()
      await log.append(
        single,
        Array.from({ length: 20 }, (_, i) => record('k', `${i}`)),
      )
      await log.append(
        single,
        Array.from({ length: 5 }, (_, i) => record('k', `${20 + i}`)),
      )
      const all = await readAll(log, single)
      for (const skip of [0, 1, 13, 20, 24]) {
        const seen = createCollector()
        const consumer = await consume(log, {
          topics: [single],
          group: `skip-${skip}`,
          onAssigned: from(all[skip]!.offset),
          onBatch: seen.take,
        })
        await seen.until(25 - skip)
        await consumer.close()
        expect(seen.seen).toEqual(all.slice(skip))
      }
    })

    it("'latest' gives only what comes later, 'earliest' all that is held", async () => {
      const log = await start()
      await log.append(single, [record('k', 'old')])
      const late = createCollector()
      const early = createCollector()
      await consume(log, { topics: [single], group: 'late', onAssigned: from('latest'), onBatch: late.take })
      await consume(log, { topics: [single], group: 'early', onAssigned: from('earliest'), onBatch: early.take })
      await early.until(1)
      await log.append(single, [record('k', 'new')])
      await Promise.all([late.until(1), early.until(2)])
      expect([late.values(), early.values()]).toEqual([['new'], ['old', 'new']])
    })

    it('gives two groups everything, each at its own pace', async () => {
      const log = await start()
      const slow = createCollector()
      const fast = createCollector()
      const gate = Promise.withResolvers<void>()
      await consume(log, {
        group: 'slow',
        onBatch: async (batch) => {
          await gate.promise
          await slow.take(batch)
        },
      })
      await consume(log, { group: 'fast', onBatch: fast.take })
      await log.append(
        topic,
        Array.from({ length: 50 }, (_, i) => record(`k${i}`, `${i}`)),
      )
      await fast.until(50)
      expect(slow.seen).toHaveLength(0)
      gate.resolve()
      await slow.until(50)
      expect(slow.values().sort()).toEqual(fast.values().sort())
    })

    it('gives a partition one batch at a time, of at most the records asked for', async () => {
      const log = await start()
      await log.append(
        topic,
        Array.from({ length: 200 }, (_, i) => record(`k${i}`, `${i}`)),
      )
      for (let i = 0; i < 20; i++) await log.append(topic, [record('one', `more ${i}`)])
      const seen = createCollector()
      const running = new Set<number>()
      let overlaps = 0
      await consume(log, {
        batchRecordsMax: 7,
        onBatch: async (batch) => {
          if (running.has(batch.partition)) overlaps++
          running.add(batch.partition)
          await new Promise((resolve) => setImmediate(resolve))
          running.delete(batch.partition)
          await seen.take(batch)
        },
      })
      await seen.until(220)
      expect(Math.max(...seen.batches)).toBeLessThanOrEqual(7)
      expect(Math.min(...seen.batches)).toBeGreaterThan(0)
      expect(overlaps).toBe(0)
      expect(seen.seen).toHaveLength(220)
    })

    it("tells a handler's failure through `failed`, and gives that consumer nothing more", async () => {
      const log = await start()
      let batches = 0
      const consumer = await consume(log, {
        topics: [single],
        onBatch: async () => {
          batches++
          throw new Error('the handler broke')
        },
      })
      const failure = consumer.failed.then(
        () => 'closed',
        (error: unknown) => String(error),
      )
      await log.append(single, [record('k', '1')])
      expect(await failure).toBe('Error: the handler broke')
      await log.append(single, [record('k', '2')])
      await consumer.close()
      expect(batches).toBe(1)
    })

    it('fails to consume when the consumer fails to say where to start', async () => {
      const log = await start()
      const refused = log.consume({
        topics: [single],
        group: 'test',
        onAssigned: async () => {
          throw new Error('no checkpoint could be read')
        },
        onBatch: async () => {},
      })
      await expect(refused).rejects.toThrow('no checkpoint could be read')
    })

    it('waits on close for the running handler, and calls none after it', async () => {
      const log = await start()
      const gate = Promise.withResolvers<void>()
      const entered = Promise.withResolvers<void>()
      const happened: string[] = []
      const consumer = await consume(log, {
        topics: [single],
        batchRecordsMax: 1,
        onBatch: async () => {
          entered.resolve()
          await gate.promise
          happened.push('handled')
        },
      })
      await log.append(single, [record('k', '1'), record('k', '2')])
      await entered.promise
      const closed = consumer.close().then(() => happened.push('closed'))
      gate.resolve()
      await closed
      await consumer.close()
      expect(happened).toEqual(['handled', 'closed'])
      await expect(consumer.failed).resolves.toBeUndefined()
    })

    it('reads a range once, in order, without its end', async () => {
      const log = await start()
      await log.append(
        single,
        Array.from({ length: 2_500 }, (_, i) => record('k', `${i}`)),
      )
      const all = await readAll(log, single)
      expect(all.map(({ value }) => value)).toEqual(Array.from({ length: 2_500 }, (_, i) => `${i}`))
      const part: string[] = []
      for await (const batch of log.read(single, 0, all[10]!.offset, all[1_800]!.offset))
        part.push(...batch.records.map(({ value }) => Buffer.from(value).toString()))
      expect(part).toEqual(all.slice(10, 1_800).map(({ value }) => value))
      for await (const batch of log.read(single, 0, all[5]!.offset, all[5]!.offset)) expect(batch).toBe('nothing lies in an empty range')
    })

    it('takes keys and values of every size up to the limits, with their bytes as they are', async () => {
      const log = await start()
      const value = (bytes: number): Buffer =>
        Buffer.from(Array.from({ length: Math.min(bytes, 999) }, (_, i) => i & 255)).subarray(0, bytes)
      const sizes: [string, Buffer][] = [
        ['', value(0)],
        ['k', value(1)],
        ['ü'.repeat(logKeyBytesMax / 2), value(999)],
        ['x'.repeat(logKeyBytesMax), Buffer.alloc(logValueBytesMax, 7)],
      ]
      for (const [key, bytes] of sizes) await log.append(single, [{ key, value: bytes }])
      await log.append(
        single,
        sizes.map(([key, bytes]) => ({ key, value: bytes })),
      )
      const [range] = await log.ranges([single])
      let at = 0
      for await (const batch of log.read(single, 0, range!.earliest, range!.next))
        for (const one of batch.records) {
          const [key, bytes] = sizes[at++ % sizes.length]!
          expect(one.key).toBe(key)
          expect(Buffer.compare(one.value, bytes)).toBe(0)
        }
      expect(at).toBe(8)
    })

    it('refuses a key, value or partition beyond the limits before anything of the append is written', async () => {
      const log = await start()
      const good = record('good', 'good')
      for (const bad of [
        { key: 'k'.repeat(logKeyBytesMax + 1), value: Buffer.alloc(1) },
        { key: 'ü'.repeat(logKeyBytesMax / 2 + 1), value: Buffer.alloc(1) },
        { key: 'k', value: Buffer.alloc(logValueBytesMax + 1) },
        { key: 'k', value: Buffer.alloc(1), partition: partitions },
        { key: 'k', value: Buffer.alloc(1), partition: -1 },
      ])
        await expect(log.append(topic, [good, bad])).rejects.toThrow(RangeError)
      expect(await readAll(log, topic)).toEqual([])
      await log.append(topic, [good])
      expect(await readAll(log, topic)).toHaveLength(1)
    })

    it('takes an append of nothing', async () => {
      const log = await start()
      await log.append(topic, [])
      expect(await readAll(log, topic)).toEqual([])
    })

    it('answers ranges for a topic that nobody has written to', async () => {
      const log = await start()
      const ranges = await log.ranges([topic, single])
      expect(ranges.map((range) => [range.topic, range.partition])).toEqual([
        ...Array.from({ length: partitions }, (_, partition) => [topic, partition]),
        [single, 0],
      ])
      for (const { earliest, next } of ranges) expect(earliest).toBe(next)
    })

    it('tells a consumer below what retention kept which records are gone, and goes on at what is held', async (context) => {
      const log = await start()
      if (underTest!.dropBelow === undefined) return context.skip('this adapter can not be made to drop records')
      for (let i = 0; i < 10; i++) await log.append(single.replace('cases', 'dead-letters') as 'dead-letters.v1', [record('k', `${i}`)])
      const all = await readAll(log, 'dead-letters.v1')
      await underTest!.dropBelow('dead-letters.v1', 0, all[6]!.offset)
      const [range] = await log.ranges(['dead-letters.v1'])
      expect(range!.earliest).toBeGreaterThan(all[0]!.offset)
      const held = all.filter(({ offset }) => offset >= range!.earliest)
      const gaps: unknown[] = []
      const seen = createCollector()
      await consume(log, {
        topics: ['dead-letters.v1'],
        onAssigned: from(all[0]!.offset),
        onGap: (gap) => gaps.push(gap),
        onBatch: seen.take,
      })
      await seen.until(held.length)
      expect(gaps).toEqual([{ topic: 'dead-letters.v1', partition: 0, from: all[0]!.offset, to: range!.earliest, why: 'retention' }])
      expect(seen.seen).toEqual(held)
      await expect(async () => {
        for await (const batch of log.read('dead-letters.v1', 0, all[0]!.offset, range!.next)) expect(batch).toBe('below what is held')
      }).rejects.toThrow(RangeError)
    })

    it('refuses work after close, and close may be called twice', async () => {
      const log = await start()
      await log.append(single, [record('k', '1')])
      const settled = log.append(single, [record('k', '2')])
      await log.close()
      await log.close()
      await settled
      await expect(log.append(single, [record('k', '3')])).rejects.toThrow(LogUnavailable)
      const again = await underTest!.reopen()
      expect((await readAll(again, single)).map(({ value }) => value)).toEqual(['1', '2'])
    })

    it('shows a consumer nothing that an append has not been acknowledged for, or will be', async () => {
      const log = await start()
      const acknowledged = new Set<string>()
      const seen = createCollector()
      await consume(log, { onBatch: seen.take })
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          await log.append(topic, [record(`k${i}`, `${i}`)])
          acknowledged.add(`${i}`)
        }),
      )
      await seen.until(50)
      const again = await underTest!.reopen()
      expect((await readAll(again, topic)).map(({ value }) => value).sort()).toEqual(seen.values().sort())
      expect([...acknowledged].sort()).toEqual(seen.values().sort())
    })

    it('any interleaving of appends is read back exactly once, in each producer’s order in each partition', async () => {
      const log = await start()
      let round = 0
      const producer = fc.array(
        fc.array(fc.record({ key: fc.nat(6), partition: fc.option(fc.nat(partitions - 1)), bytes: fc.nat(400) }), { maxLength: 8 }),
        { maxLength: 8 },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(producer, { minLength: 1, maxLength: 4 }), fc.boolean(), async (producers, waits) => {
          const run = round++
          const before = await log.ranges([topic])
          const sent: { producer: number; partition: number; value: string }[] = []
          await Promise.all(
            producers.map(async (appends, id) => {
              const pending: Promise<void>[] = []
              for (const [i, append] of appends.entries()) {
                const records = append.map(({ key, partition, bytes }, j) =>
                  record(`key-${key}`, `${run}/${id}/${i}.${j}/${'x'.repeat(bytes)}`, partition ?? undefined),
                )
                for (const one of records)
                  sent.push({
                    producer: id,
                    partition: one.partition ?? partitionOf(one.key, partitions),
                    value: Buffer.from(one.value).toString(),
                  })
                const settled = log.append(topic, records)
                pending.push(settled)
                if (waits) await settled
              }
              await Promise.all(pending)
            }),
          )
          const read: { partition: number; value: string }[] = []
          for (const { partition, next } of before) {
            const now = (await log.ranges([topic]))[partition]!
            for await (const batch of log.read(topic, partition, next, now.next))
              for (const { value } of batch.records) read.push({ partition, value: Buffer.from(value).toString() })
          }
          expect(read).toHaveLength(sent.length)
          for (let partition = 0; partition < partitions; partition++)
            for (let id = 0; id < producers.length; id++)
              expect(
                read.filter((one) => one.partition === partition && one.value.startsWith(`${run}/${id}/`)).map(({ value }) => value),
              ).toEqual(sent.filter((one) => one.partition === partition && one.producer === id).map(({ value }) => value))
        }),
        { numRuns: 25 },
      )
    })

    it('a parcel is appended whole and in order, copies at once, and serves again when it is cleared', async (context) => {
      const log = await start()
      const parcel = log.createParcel?.(topic)
      if (parcel === undefined) return context.skip('this adapter has no parcels')
      const scratch = Buffer.alloc(8)
      const add = (i: number): void => {
        scratch.write(`<${String(i).padStart(4, '0')}>`)
        parcel.add(i % partitions, scratch.subarray(1, 5), Buffer.from('head '), scratch, 0, 6)
      }
      for (let i = 0; i < 100; i++) add(i)
      scratch.fill(0)
      expect(parcel.records).toBe(100)
      const whole = parcel.append()
      // Of another caller, and after it in each partition.
      const after = log.append(
        topic,
        Array.from({ length: partitions }, (_, partition) => record('after', 'after', partition)),
      )
      await Promise.all([whole, after])
      parcel.clear()
      expect(parcel.records).toBe(0)
      await parcel.append()
      for (let i = 100; i < 150; i++) add(i)
      await parcel.append()
      const all = await readAll(log, topic)
      for (let partition = 0; partition < partitions; partition++) {
        const here = Array.from({ length: 150 }, (_, i) => i).filter((i) => i % partitions === partition)
        const told = here.map((i) => [String(i).padStart(4, '0'), `head <${String(i).padStart(4, '0')}>`])
        told.splice(here.filter((i) => i < 100).length, 0, ['after', 'after'])
        expect(all.filter((one) => one.partition === partition).map(({ key, value }) => [key, value])).toEqual(told)
      }
      expect(() => parcel.add(partitions, scratch, scratch, scratch, 0, 1)).toThrow(RangeError)
      expect(() => parcel.add(0, Buffer.alloc(logKeyBytesMax + 1), scratch, scratch, 0, 1)).toThrow(RangeError)
      await log.close()
      parcel.clear()
      add(1)
      await expect(parcel.append()).rejects.toMatchObject({ reason: 'closed' })
    })
  })
}

import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../contracts/clock.ts'
import { encodeClock } from '../contracts/envelope.ts'
import type { EventLog } from '../contracts/event-log.ts'
import { silentLogger } from '../contracts/logger.ts'
import type { StoreConnection } from './connection.ts'
import { sinkSettings } from './landing/settings.ts'
import type { Store } from './open.ts'
import { readRows } from './read-rows.ts'
import { createSink, type Sink } from './sink.ts'
import { openedStore, temporaryDirectory } from './testing/temporary-store.ts'
import { finding, findingRecord, message, noon, plainDecoder, plainRedelivery, sessionRecord } from './testing/story-log.ts'
import { openMemoryLog } from '../stream/memory-log.ts'

let home: ReturnType<typeof temporaryDirectory>
let store: Store
let log: EventLog
let sinks: Sink[]
beforeEach(async () => {
  home = temporaryDirectory()
  store = await openedStore(home.path)
  log = openMemoryLog()
  sinks = []
})
afterEach(async () => {
  for (const sink of sinks) await sink.close()
  await log.close()
  await store.close()
  home.remove()
})

const startSink = async (over: object = {}, connection: StoreConnection = store, clock = systemClock): Promise<Sink> => {
  const settings = sinkSettings.parse({ flushMs: 10, rollUpMs: 0, retryMsMin: 5, retryMsMax: 20, ...over })
  const sink = createSink({
    log,
    store: connection,
    decoder: plainDecoder,
    redelivery: plainRedelivery(),
    clock,
    logger: silentLogger,
    settings,
  })
  sinks.push(sink)
  await sink.start()
  return sink
}

const rowsOf = (sql: string): Promise<unknown[][]> => readRows(store.query, `${sql} SETTINGS output_format_json_quote_64bit_integers = 0`)

/** Waits until everything in the log has landed: positions reach the log's ends. */
const settled = async (sink: Sink): Promise<void> => {
  const topics = ['observations.by-device.v1', 'observations.by-source.v1', 'findings.v1', 'cases.v1', 'dead-letters.v1'] as const
  await expect
    .poll(
      async () => {
        const { positions } = sink.stats()
        const ranges = await log.ranges(topics)
        return ranges.filter(({ topic, partition, earliest, next }) => next > earliest && (positions[`${topic}/${partition}`] ?? 0) < next)
      },
      { timeout: 10_000 },
    )
    .toEqual([])
}

const reading = (seq: number) => ({ ts: noon + seq * 1_000, seq, fw: '1.0', vitals: { hr: 70 + seq } })

it('lands each kind of record in its table, with its position', async () => {
  await log.append('observations.by-device.v1', [
    message('pump-1', reading(1), { partition: 1 }),
    sessionRecord({}, 1),
    message('pump-1', {}, { leaf: 'event', partition: 1 }),
    message('pump-1', '{"broken', { partition: 1 }),
    { key: 'clock', partition: 1, value: encodeClock('edge-0', noon) },
  ])
  await log.append('observations.by-source.v1', [
    sessionRecord(),
    sessionRecord({ event: 'refused', device: null, reason: 'no-certificate' }),
  ])
  await log.append('findings.v1', [findingRecord(finding({ offset: 3 }))])
  const sink = await startSink()
  await settled(sink)
  expect(await rowsOf('SELECT device, seq, hr, log_topic, log_partition, log_offset FROM readings')).toEqual([
    ['pump-1', 1, 71, 'observations.by-device.v1', 1, 0],
  ])
  expect(await rowsOf('SELECT event, device, log_topic FROM sessions ORDER BY log_offset')).toEqual([
    ['connect', 'pump-1', 'observations.by-source.v1'],
    ['refused', null, 'observations.by-source.v1'],
  ])
  expect(await rowsOf('SELECT device, change, `from`, `to` FROM postures')).toEqual([['pump-1', 'therapy', '1', '2']])
  expect(await rowsOf('SELECT reason, device, leaf, payload, log_offset FROM dead_letters')).toEqual([
    ['not-json', 'pump-1', 'telemetry', '{"broken', 3],
  ])
  expect(await rowsOf('SELECT id, severity, source_offset FROM findings')).toEqual([['f-0-3-0', 'high', 3]])
  expect(sink.stats()).toMatchObject({
    rowsByTable: { readings: 1, sessions: 2, postures: 1, dead_letters: 1, findings: 1 },
    dropped: 2,
    deadLettersByReason: { 'not-json': 1 },
  })
})

it('keeps the bytes of a dead letter as they came', async () => {
  const bytes = Buffer.from([0xff, 0x00, 0x27, 0x0a, 0x09, 0x5c, 0xed, 0xa0, 0x80])
  await log.append('observations.by-device.v1', [message('pump-1', bytes), { key: 'x', partition: 0, value: Buffer.from([9, 9, 9]) }])
  await settled(await startSink())
  const rows = await rowsOf('SELECT payload_base64, device FROM dead_letters ORDER BY log_offset')
  expect(rows).toEqual([
    [bytes.toString('base64'), 'pump-1'],
    [Buffer.from([9, 9, 9]).toString('base64'), null],
  ])
})

it('lands hostile text as text', async () => {
  const hostile = `'"\\\n\t\u0000\ud800 😀 ); DROP TABLE readings; --`
  await log.append('observations.by-source.v1', [sessionRecord({ clientId: hostile, topic: hostile, session: hostile })])
  await log.append('observations.by-device.v1', [message("o'clock\\", { ...reading(1), vitals: { "a'); DROP": 1 } })])
  await settled(await startSink())
  expect(await rowsOf('SELECT client_id, topic, session FROM sessions')).toEqual([
    [hostile.toWellFormed(), hostile.toWellFormed(), hostile.toWellFormed()],
  ])
  expect(await rowsOf('SELECT device, other_vitals FROM readings')).toEqual([["o'clock\\", { "a'); DROP": 1 }]])
})

it('a reading that is published again is one reading and one redelivery, also across a restart', async () => {
  await log.append('observations.by-device.v1', [
    message('pump-1', reading(1)),
    message('pump-1', reading(2)),
    message('pump-1', reading(1), { dup: true }),
  ])
  const first = await startSink()
  await settled(first)
  await first.close()
  await log.append('observations.by-device.v1', [message('pump-1', reading(2), { dup: true }), message('pump-1', reading(3))])
  await settled(await startSink())
  expect(await rowsOf('SELECT seq FROM readings ORDER BY seq')).toEqual([[1], [2], [3]])
  expect(await rowsOf('SELECT seq, log_offset, redelivered FROM redeliveries ORDER BY log_offset')).toEqual([
    [1, 2, true],
    [2, 3, true],
  ])
})

it('a finding that the host appended again lands once, also across a restart', async () => {
  const [a, b, c] = [finding({ offset: 5 }), finding({ offset: 5, index: 1 }), finding({ offset: 9 })]
  const other = finding({ offset: 2, source: 1 })
  await log.append(
    'findings.v1',
    [a, other, b, a, b].map((f) => findingRecord(f)),
  )
  const first = await startSink()
  await settled(first)
  expect(first.stats().findingRepeats).toBe(2)
  await first.close()
  await log.append(
    'findings.v1',
    [b, c, other].map((f) => findingRecord(f)),
  )
  // Another partition of findings.v1 has an order of its own.
  await log.append('findings.v1', [findingRecord(finding({ offset: 1 }), 3)])
  await settled(await startSink())
  expect(await rowsOf('SELECT id FROM findings ORDER BY id')).toEqual([['f-0-1-0'], ['f-0-5-0'], ['f-0-5-1'], ['f-0-9-0'], ['f-1-2-0']])
})

it('rows that landed without their position are not landed again', async () => {
  await log.append(
    'observations.by-device.v1',
    Array.from({ length: 20 }, (_, seq) => message('pump-1', reading(seq))),
  )
  await log.append('observations.by-source.v1', [sessionRecord()])
  const first = await startSink()
  await settled(first)
  await first.close()
  await store.landing.command({ query: 'TRUNCATE TABLE landing_positions' })
  const second = await startSink()
  await settled(second)
  expect(await rowsOf('SELECT count(), uniqExact(log_offset) FROM readings')).toEqual([[20, 20]])
  expect(await rowsOf('SELECT count() FROM sessions')).toEqual([[1]])
  expect(second.stats().heldAlready).toBe(21)
})

it('rows without their position are known even when a start in between wrote the positions of other partitions only', async () => {
  await log.append('observations.by-source.v1', [sessionRecord()])
  const first = await startSink()
  await settled(first)
  await first.close()
  await store.landing.command({ query: 'TRUNCATE TABLE landing_positions' })
  // The second start is killed before it comes to the sessions again.
  await log.append('observations.by-device.v1', [message('pump-1', reading(1))])
  const whole = log
  log = {
    ...whole,
    consume: (options) =>
      whole.consume({
        ...options,
        onBatch: (batch) => (batch.topic === 'observations.by-source.v1' ? Promise.resolve() : options.onBatch(batch)),
      }),
  }
  const second = await startSink()
  await expect.poll(() => second.stats().positions['observations.by-device.v1/0']).toBe(1)
  await second.close()
  log = whole
  await settled(await startSink())
  expect(await rowsOf('SELECT count() FROM sessions')).toEqual([[1]])
})

it('rows without their position are known however far a start in between had come among them', async () => {
  await log.append(
    'observations.by-device.v1',
    Array.from({ length: 20 }, (_, seq) => message('pump-1', reading(seq))),
  )
  const first = await startSink()
  await settled(first)
  await first.close()
  await store.landing.command({ query: 'TRUNCATE TABLE landing_positions' })
  // The second start writes what position it can, and stands still after five of the twenty, as if killed: its position would be younger than their rows.
  const whole = log
  const killed = Promise.withResolvers<void>()
  let batches = 0
  log = {
    ...whole,
    consume: (options) =>
      whole.consume({ ...options, batchRecordsMax: 5, onBatch: (batch) => (++batches > 1 ? killed.promise : options.onBatch(batch)) }),
  }
  try {
    const second = await startSink()
    await expect.poll(() => [batches, second.stats().heldAlready]).toEqual([2, 5])
    await new Promise((resolve) => setTimeout(resolve, 50))
    log = whole
    const third = await startSink()
    await settled(third)
    expect(await rowsOf('SELECT count(), uniqExact(log_offset) FROM readings')).toEqual([[20, 20]])
    expect(await rowsOf('SELECT count() FROM redeliveries')).toEqual([[0]])
  } finally {
    killed.resolve()
  }
})

it('waits while ClickHouse is away, holds a bounded amount, and lands everything once it is back, even what it had without saying so', async () => {
  let away = true
  let lies = 0
  const flaky: StoreConnection = {
    ...store,
    async insertColumns(insert) {
      if (away) throw new Error('connection refused')
      await store.insertColumns(insert)
      // The answer is lost: it has landed and we are told that it has not.
      if (lies++ < 3) throw new Error('socket hang up')
    },
  }
  const total = 3_000
  await log.append(
    'observations.by-device.v1',
    Array.from({ length: total }, (_, seq) => message(`pump-${seq % 7}`, reading(seq), { partition: seq % 4 })),
  )
  const sink = await startSink({ batchRowsMax: 100 }, flaky)
  await expect.poll(() => sink.stats().failedInserts).toBeGreaterThan(2)
  expect(sink.stats().waitingRows).toBeLessThanOrEqual(total)
  expect(await rowsOf('SELECT count() FROM readings')).toEqual([[0]])
  away = false
  await settled(sink)
  expect(await rowsOf('SELECT count(), uniqExact(log_partition, log_offset) FROM readings')).toEqual([[total, total]])
})

it('can be closed while ClickHouse is away; nothing is claimed that has not landed', async () => {
  const dead: StoreConnection = { ...store, insertColumns: () => Promise.reject(new Error('connection refused')) }
  await log.append('observations.by-device.v1', [message('pump-1', reading(1))])
  const sink = await startSink({ retryMsMin: 60_000, retryMsMax: 60_000 }, dead)
  await expect.poll(() => sink.stats().failedInserts).toBe(1)
  await sink.close()
  expect(await rowsOf('SELECT count() FROM landing_positions')).toEqual([[0]])
  await settled(await startSink())
  expect(await rowsOf('SELECT count() FROM readings')).toEqual([[1]])
})

it('a ClickHouse that says nothing is told while it does, and not aborted', async () => {
  let unansweredMs = 0
  const hung = Promise.withResolvers<void>()
  const hanging: StoreConnection = {
    ...store,
    unansweredMs: () => unansweredMs,
    async insertColumns(insert) {
      await hung.promise
      await store.insertColumns(insert)
    },
  }
  await log.append('observations.by-device.v1', [message('pump-1', reading(1))])
  const sink = await startSink({}, hanging)
  unansweredMs = 4_999
  expect(sink.stats().problem).toBe(null)
  unansweredMs = 7_400
  expect(sink.stats()).toMatchObject({ problem: 'no answer for 7 s', failedInserts: 0 })
  unansweredMs = 0
  hung.resolve()
  await settled(sink)
  expect(sink.stats()).toMatchObject({ problem: null, failedInserts: 0, rowsByTable: { readings: 1 } })
})

it('history is behind while a sink that is given partitions anew has no answer to where they go on', async () => {
  const partitions = [{ topic: 'observations.by-device.v1', partition: 0 }] as const
  let from: Parameters<EventLog['consume']>[0] | null = null
  const memory = log
  log = {
    ...memory,
    async consume(options) {
      from = options
      await options.onAssigned(partitions)
      return { failed: Promise.resolve(), close: () => Promise.resolve() }
    },
  }
  let hung: Promise<void> | null = null
  const clock = { ms: 1_000, now: () => clock.ms }
  const sink = await startSink({}, { ...store, settled: () => hung ?? Promise.resolve() }, clock)
  clock.ms += 9_000
  expect(sink.behindMs()).toBe(null)
  const hangs = Promise.withResolvers<void>()
  hung = hangs.promise
  await from!.onRevoked?.(partitions)
  const assigned = from!.onAssigned(partitions)
  clock.ms += 9_000
  expect(sink.behindMs()).toBe(9_000)
  hangs.resolve()
  await assigned
  expect(sink.behindMs()).toBe(null)
})

it('a sink whose partitions went to another one while ClickHouse took nothing lands none of their rows any more', async () => {
  const revokes: (() => Promise<void>)[] = []
  const whole = log
  log = {
    ...whole,
    consume(options) {
      let mine = true
      const partitions = [{ topic: 'observations.by-device.v1', partition: 0 } as const]
      revokes.push(async () => {
        mine = false
        await options.onRevoked?.(partitions)
      })
      return whole.consume({
        ...options,
        // One partition each, so that it is all that the sink has.
        onAssigned: async (all) => {
          const [start] = await options.onAssigned(partitions)
          return all.map(({ topic, partition }) => (topic === partitions[0]!.topic && partition === 0 ? start! : 'latest'))
        },
        onBatch: (batch) => (mine ? options.onBatch(batch) : Promise.resolve()),
      })
    },
  }
  await log.append('observations.by-device.v1', [message('pump-1', reading(1)), message('pump-1', reading(2))])
  let away = true
  const cutOff: StoreConnection = {
    ...store,
    insertColumns: (insert) => (away ? Promise.reject(new Error('connection refused')) : store.insertColumns(insert)),
  }
  const first = await startSink({ revokeWaitMsMax: 20 }, cutOff)
  await expect.poll(() => first.stats().failedInserts).toBeGreaterThan(1)
  await revokes[0]!()
  const second = await startSink()
  await expect.poll(() => second.stats().rowsByTable['readings']).toBe(2)
  away = false
  await new Promise((resolve) => setTimeout(resolve, 100))
  await first.close()
  expect([first.stats().rowsByTable, first.stats().waitingRows, first.behindMs()]).toEqual([{}, 0, null])
  expect(await rowsOf('SELECT count() FROM readings')).toEqual([[2]])
})

it('a rebalance during an outage ends the wait of a handler for room: what it held is read again by whoever has the partition', async () => {
  let revoking = (): void => {}
  const handled: number[] = []
  const whole = log
  log = {
    ...whole,
    consume(options) {
      revoking = () => options.onRevoking?.()
      return whole.consume({
        ...options,
        batchRecordsMax: 60,
        async onBatch(batch) {
          await options.onBatch(batch)
          handled.push(batch.nextOffset)
        },
      })
    },
  }
  await log.append(
    'observations.by-device.v1',
    Array.from({ length: 600 }, (_, i) => message('pump-1', reading(i + 1))),
  )
  const cutOff: StoreConnection = { ...store, insertColumns: () => Promise.reject(new Error('connection refused')) }
  const first = await startSink({ revokeWaitMsMax: 20, batchRowsMax: 100, retryMsMin: 60_000, retryMsMax: 60_000 }, cutOff)
  // One batch is being tried, the other is full: the handler waits.
  await expect.poll(() => first.stats().waitingRows).toBeGreaterThanOrEqual(200)
  const before = handled.length
  revoking()
  await expect.poll(() => handled.length).toBeGreaterThan(before)
  await first.close()
  expect([first.stats().rowsByTable, await rowsOf('SELECT count() FROM landing_positions')]).toEqual([{}, [[0]]])
  log = whole
  await settled(await startSink())
  expect(await rowsOf('SELECT count() FROM readings')).toEqual([[600]])
})

it('what was dropped with a rebalance during an outage, and comes back to the same sink, lands as what it is', async () => {
  let from: Parameters<EventLog['consume']>[0] | null = null
  const partitions = [
    { topic: 'observations.by-device.v1', partition: 0 },
    { topic: 'findings.v1', partition: 0 },
  ] as const
  const memory = log
  // A group that gives the partitions back to the member that had them.
  const whole: EventLog = {
    ...memory,
    async consume(options) {
      from = options
      await options.onAssigned(partitions)
      return { failed: Promise.resolve(), close: () => Promise.resolve() }
    },
  }
  const handed = async (): Promise<void> => {
    for (const { topic, partition } of partitions)
      for await (const batch of memory.read(topic, partition, 0, 100)) await from!.onBatch(batch)
  }
  await log.append('observations.by-device.v1', [message('pump-1', reading(1)), message('pump-1', reading(2))])
  await log.append('findings.v1', [findingRecord(finding({ offset: 3 }))])
  let away = true
  const cutOff: StoreConnection = {
    ...store,
    insertColumns: (insert) => (away ? Promise.reject(new Error('connection refused')) : store.insertColumns(insert)),
    insertRows: (insert) => (away ? Promise.reject(new Error('connection refused')) : store.insertRows(insert)),
  }
  log = whole
  const sink = await startSink({ revokeWaitMsMax: 20 }, cutOff)
  await handed()
  await expect.poll(() => sink.stats().failedInserts).toBeGreaterThan(1)
  from!.onRevoking?.()
  await from!.onRevoked?.(partitions)
  away = false
  await from!.onAssigned(partitions)
  await handed()
  await expect.poll(() => sink.stats().positions).toMatchObject({ 'observations.by-device.v1/0': 2, 'findings.v1/0': 1 })
  expect(await rowsOf('SELECT (SELECT count() FROM readings), (SELECT count() FROM redeliveries), (SELECT count() FROM findings)')).toEqual(
    [[2, 0, 1]],
  )
})

it('tells what retention dropped before it was landed, and goes on', async () => {
  const memory = openMemoryLog()
  log = memory
  await log.append(
    'observations.by-device.v1',
    [1, 2, 3].map((seq) => message('pump-1', reading(seq))),
  )
  const first = await startSink()
  await settled(first)
  await first.close()
  await log.append(
    'observations.by-device.v1',
    [4, 5, 6].map((seq) => message('pump-1', reading(seq))),
  )
  memory.dropBelow('observations.by-device.v1', 0, 5)
  const second = await startSink()
  await settled(second)
  expect(second.stats().gapsByPartition).toEqual({ 'observations.by-device.v1/0': 2 })
  expect(await rowsOf('SELECT seq FROM readings ORDER BY seq')).toEqual([[1], [2], [3], [6]])
})

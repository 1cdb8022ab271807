import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { FetchAnswer } from './answer-reader.ts'
import { createBatchOpener } from './batch-opener.ts'
import { type AnswerBytes, createFetchAnswerReader } from './fetch-answer.ts'

const inside = createRequire(import.meta.url)
const Decoder = inside('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => AnswerBytes
const theirs = inside('kafkajs/src/protocol/requests/fetch/v11/response.js') as { decode: (raw: Buffer) => Promise<FetchAnswer> }
const read = createFetchAnswerReader((raw) => new Decoder(raw), createBatchOpener(100_000))

const int = (bytes: 1 | 2 | 4, value: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeIntBE(value, 0, bytes)
  return buffer
}
const long = (value: number): Buffer => {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(BigInt(value))
  return buffer
}
/** Zigzag of what fits into one byte or two. */
const varint = (value: number): Buffer => {
  const zigzag = value < 0 ? -value * 2 - 1 : value * 2
  return zigzag < 128 ? Buffer.from([zigzag]) : Buffer.from([(zigzag & 127) | 128, zigzag >> 7])
}
const block = (text: string | null): Buffer => (text === null ? varint(-1) : Buffer.concat([varint(text.length), Buffer.from(text)]))
interface Written {
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}
const record = (offsetDelta: number, { key, value, headers }: Written): Buffer => {
  const written = Object.entries(headers)
  const body = Buffer.concat([
    int(1, 0),
    varint(0),
    varint(offsetDelta),
    block(key),
    block(value),
    varint(written.length),
    ...written.flatMap(([name, text]) => [block(name), block(text)]),
  ])
  return Buffer.concat([varint(body.length), body])
}
const gzip = 1
const batch = (firstOffset: number, values: readonly (string | Written)[], compression = 0): Buffer => {
  const records = Buffer.concat(values.map((value, i) => record(i, typeof value === 'string' ? { key: null, value, headers: {} } : value)))
  const body = Buffer.concat([
    int(4, 0),
    int(1, 2),
    int(4, 0),
    int(2, compression),
    int(4, values.length - 1),
    long(0),
    long(0),
    long(7),
    int(2, 0),
    int(4, 0),
    int(4, values.length),
    compression === gzip ? gzipSync(records) : records,
  ])
  return Buffer.concat([long(firstOffset), int(4, body.length), body])
}
const answer = (partitions: readonly Buffer[]): Buffer =>
  Buffer.concat([
    int(4, 0),
    int(2, 0),
    int(4, 0),
    int(4, 1),
    int(2, 5),
    Buffer.from('cases'),
    int(4, partitions.length),
    ...partitions.map((batches, i) =>
      Buffer.concat([
        int(4, i),
        int(2, 0),
        long(99),
        long(98),
        long(0),
        int(4, 1),
        long(7),
        long(3),
        int(4, -1),
        int(4, batches.length),
        batches,
      ]),
    ),
  ])
const offsetsOf = async (raw: Buffer) =>
  (await read(raw)).responses[0]!.partitions.map(({ messages }) => messages.map(({ offset, value }) => [offset, value?.toString() ?? null]))

it('reads batches as kafkajs does, packed ones too', async () => {
  const raw = answer([Buffer.concat([batch(4, ['a', 'b']), batch(9, ['c'], gzip)]), batch(0, ['d'])])
  expect(await offsetsOf(raw)).toEqual([
    [
      ['4', 'a'],
      ['5', 'b'],
      ['9', 'c'],
    ],
    [['0', 'd']],
  ])
  const [partition] = (await read(raw)).responses[0]!.partitions
  expect(partition).toMatchObject({
    partition: 0,
    errorCode: 0,
    highWatermark: '99',
    lastStableOffset: '98',
    abortedTransactions: [{ producerId: '7', firstOffset: '3' }],
  })
})

it('reads whatever records a producer writes as kafkajs does', async () => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 100 })
  const written = fc.record({
    key: fc.option(text),
    value: fc.option(text),
    // kafkajs takes what every object has for a header that came before: `__proto__`, `toString`.
    headers: fc.dictionary(
      text.filter((name) => !(name in {})),
      text,
      { maxKeys: 3, noNullPrototype: true },
    ),
  })
  const flat = ({ responses }: FetchAnswer) =>
    responses[0]!.partitions.map(({ partition, highWatermark, lastStableOffset, abortedTransactions, messages }) => ({
      partition,
      highWatermark,
      lastStableOffset,
      abortedTransactions,
      messages: messages.map(({ offset, key, value, headers, isControlRecord, batchContext: { inTransaction, producerId } = {} }) => ({
        offset,
        key,
        value,
        headers: { ...headers },
        isControlRecord,
        inTransaction,
        producerId,
      })),
    }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(written, { minLength: 1, maxLength: 8 }),
      fc.nat(4_000),
      fc.constantFrom(0, gzip),
      async (values, first, how) => {
        // kafkajs opens gzip by itself.
        const raw = answer([batch(first, values, how), batch(0, ['g'])])
        expect(flat(await read(raw))).toEqual(flat(await theirs.decode(raw)))
      },
    ),
  )
})

it('a changed count of headers is passed over at once: kafkajs went round for hours over it', async () => {
  const changed = batch(6, [{ key: null, value: 'c', headers: { a: 'b' } }])
  changed.set([0xfe, 0xff, 0xff, 0xff, 0x0f], changed.length - 5)
  expect(await offsetsOf(answer([Buffer.concat([changed, batch(9, ['f'])])]))).toEqual([
    [
      ['6', null],
      ['9', 'f'],
    ],
  ])
})

it('a batch that the limit of bytes cut off is left for the next answer', async () => {
  const second = batch(6, ['c'])
  expect(await offsetsOf(answer([Buffer.concat([batch(4, ['a', 'b']), second.subarray(0, -1)])]))).toEqual([
    [
      ['4', 'a'],
      ['5', 'b'],
    ],
  ])
  expect(await offsetsOf(answer([second.subarray(0, 5), Buffer.alloc(0)]))).toEqual([[], []])
})

it('a batch that can not be read is one message without a value, at its last offset; the others are whole', async () => {
  const broken = batch(6, ['c', 'd', 'e'], gzip)
  broken[62]! ^= 0xff
  const raw = answer([Buffer.concat([batch(4, ['a', 'b']), broken, batch(9, ['f'])]), batch(0, ['g'])])
  await expect(theirs.decode(raw)).rejects.toThrow(/header/)
  expect(await offsetsOf(raw)).toEqual([
    [
      ['4', 'a'],
      ['5', 'b'],
      ['8', null],
      ['9', 'f'],
    ],
    [['0', 'g']],
  ])
})

it('a batch of an older format, or of a compression that nobody knows, is passed over in the same way', async () => {
  const older = batch(6, ['c'])
  older[16] = 1
  const unknown = batch(7, ['d', 'e'])
  unknown.writeInt16BE(7, 21)
  const [messages] = await offsetsOf(answer([Buffer.concat([older, unknown, batch(9, ['f'])])]))
  expect(messages!.at(0)).toEqual(['6', null])
  expect(messages!.at(-1)).toEqual(['9', 'f'])
})

it('whatever stands in a batch, what is beside it comes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 20, maxLength: 60 }),
      fc.nat(60),
      fc.constantFrom(0, gzip),
      async (noise, at, compression) => {
        const mangled = batch(4, ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'b'], compression)
        // Not the lengths and offsets, which the broker wrote.
        mangled.set(noise.subarray(0, mangled.length - 61), Math.min(61 + at, Math.max(61, mangled.length - noise.length)))
        const [first, second] = await offsetsOf(answer([Buffer.concat([mangled, batch(9, ['f'])]), batch(0, ['g'])]))
        expect(first!.at(-1)).toEqual(['9', 'f'])
        expect(second).toEqual([['0', 'g']])
      },
    ),
    { numRuns: 500 },
  )
})

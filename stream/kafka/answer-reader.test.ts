import { expect, it } from 'vitest'
import { createAnswerReader, type FetchedMessage, type PartitionAnswer } from './answer-reader.ts'

const inTransaction = { inTransaction: true }
const message = (offset: number): FetchedMessage => ({
  offset: String(offset),
  key: null,
  value: Buffer.from(`m${offset}`),
  batchContext: inTransaction,
})
const marker = (offset: number): FetchedMessage => ({
  offset: String(offset),
  key: Buffer.alloc(4),
  value: Buffer.alloc(6),
  isControlRecord: true,
  batchContext: inTransaction,
})
const plain = (offset: number): FetchedMessage => ({ offset: String(offset), key: null, value: Buffer.from(`m${offset}`) })

const told: (readonly string[])[] = []
const { fetchedOf } = createAnswerReader(({ messages, abortedTransactions }) => {
  told.push(abortedTransactions.map(({ firstOffset }) => firstOffset))
  return messages.filter(({ offset }) => !abortedTransactions.some(({ firstOffset }) => firstOffset === offset))
})
const read = (messages: readonly FetchedMessage[], stable: number, asked = 0, more: Partial<PartitionAnswer> = {}) => {
  const answer = { partition: 3, highWatermark: String(stable + 5), lastStableOffset: String(stable), messages, ...more }
  const { after, end, messages: found } = fetchedOf('cases.v1', answer, asked)
  return { after, end, found: found.map(({ offset }) => offset) }
}

it.each([
  ['plain messages end where the last one does', [plain(0), plain(1)], 2, 0, { after: 2, end: 2, found: [0, 1] }],
  ['a marker is passed over, and is not behind what is read', [message(0), marker(1)], 2, 0, { after: 2, end: 1, found: [0] }],
  [
    'cut off behind a message of a transaction, that one is left',
    [message(0), marker(1), message(2)],
    9,
    0,
    { after: 2, end: 9, found: [0] },
  ],
  ['unless it is all that came', [message(0)], 9, 0, { after: 1, end: 9, found: [0] }],
  ['at the stable end nothing is left', [message(0), message(1)], 2, 0, { after: 2, end: 2, found: [0, 1] }],
  ['what lies before the place that was asked for is not handed out', [plain(4), plain(5)], 6, 5, { after: 6, end: 6, found: [5] }],
  ['an empty answer moves nothing', [], 7, 7, { after: 7, end: 7, found: [] }],
])('%s', (_what, messages, stable, asked, expected) => expect(read(messages, stable, asked)).toEqual(expected))

it("kafkajs's filter is told of aborted transactions in their order", () => {
  const abortedTransactions = ['4', '0'].map((firstOffset) => ({ producerId: '1', firstOffset }))
  expect(read([message(0), marker(1), message(2), marker(3), message(4), marker(5)], 6, 0, { abortedTransactions })).toEqual({
    after: 6,
    end: 3,
    found: [2],
  })
  expect(told.at(-1)).toEqual(['0', '4'])
})

import { createRequire } from 'node:module'
import { createAnswerReader, type WithoutAborted } from './answer-reader.ts'
import { createBatchOpener } from './batch-opener.ts'
import { messageBytesMax } from './blob-limits.ts'
import { type AnswerBytes, createFetchAnswerReader } from './fetch-answer.ts'
import './mended-authentication.ts'
import './mended-connection.ts'
import './mended-group.ts'
import './mended-request-queue.ts'

const inside = createRequire(import.meta.url)
const Decoder = inside('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => AnswerBytes
const newestFetchAnswer = inside('kafkajs/src/protocol/requests/fetch/v11/response.js') as { decode: (raw: Buffer) => Promise<unknown> }
newestFetchAnswer.decode = createFetchAnswerReader((raw) => new Decoder(raw), createBatchOpener(2 * messageBytesMax))

/**
 * Whoever imports this has kafkajs 2.2.4 with what is wrong inside it mended, at its prototypes, once for the process:
 * - `mended-request-queue.ts`: a timer with a negative time, each millisecond, for every connection (tulios/kafkajs#1751); a request that was sent
 *   while its connection ended was never given up;
 * - `mended-connection.ts`: a connection that was made again kept what had come of an answer that was cut, and events of the socket before; one
 *   that does not answer any more was asked again and again; an answer that is none ended the process;
 * - `mended-authentication.ts`: a connection that was lost while it was authenticated passed for wrong credentials;
 * - `mended-group.ts`: a member whose group had forgotten it, and that failed to join again, stood still for good;
 * - here: one batch that can't be read held up all that was read beside it, for good: the decoder of a fetch's answer is `fetch-answer.ts`.
 */
export const mendedKafkajs = createAnswerReader(inside('kafkajs/src/consumer/filterAbortedMessages.js') as WithoutAborted)

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { StoreConnection } from '../connection.ts'
import { readRows } from '../read-rows.ts'
import { connectServer } from './connect-server.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A server that takes every question, and whose answers a test gives, or not. */
const silentServer = async (onQuestion: (response: ServerResponse, sql: string) => void = () => {}) => {
  let questions = 0
  const server = createServer((request, response) => {
    let sql = ''
    request
      .on('data', (chunk: Buffer) => (sql += chunk.toString()))
      .on('end', () => {
        questions++
        onQuestion(response, sql)
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const connection = connectServer({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, user: 'sink', password: 'word', caPem: null, database: 'default',
    // Longer than any test: what ends, ends by itself.
    compression: 'none', connectionsMax: 1, timeoutMs: 3_600_000, cluster: null, replicated: false,
  }) // prettier-ignore
  ends.push(() => connection.close())
  return { connection, questions: () => questions }
}

const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error as Error).message,
  )
const everything = (connection: StoreConnection): Promise<unknown>[] => [
  readRows(connection.landing, 'SELECT 1'),
  // There is one connection: it waits for the one before.
  connection.insertRows({ table: 'sessions', rows: [{ device: 'a' }], token: 't' }),
  connection.landing.command({ query: 'CREATE TABLE a (b Int8) ENGINE = Memory' }),
  readRows(connection.query, 'SELECT 2'),
  connection.settled([], 0),
  connection.openAnalyst({ rowsMax: 1, timeoutMs: 3_600_000, memoryBytesMax: 1 }).text('SELECT 3', {}, 'CSV'),
]

it('a server that says nothing is waited for as long as it is said at the end, then nothing waits any more and nothing more is asked', async () => {
  const { connection, questions } = await silentServer()
  const reasons = everything(connection).map(reasonOf)
  await expect.poll(questions).toBe(3)
  connection.leaveWithin(10)
  for (const reason of await Promise.all(reasons)) expect(reason).toMatch(/ClickHouse did not answer within 10 ms of the end$/)
  for (const reason of await Promise.all(everything(connection).map(reasonOf))) expect(reason).toMatch(/within 10 ms of the end$/)
  expect(questions()).toBe(3)
})

it('what is closed ends what it asks', async () => {
  const { connection, questions } = await silentServer()
  const reasons = everything(connection).map(reasonOf)
  await expect.poll(questions).toBe(3)
  await connection.close()
  for (const reason of await Promise.all(reasons)) expect(reason).toMatch(/the connection to ClickHouse was closed$/)
})

it('an answer that breaks off in the middle holds no end', async () => {
  const { connection, questions } = await silentServer((response) => response.write('[1]\n'))
  const asked = reasonOf(readRows(connection.landing, 'SELECT 1'))
  await expect.poll(questions).toBe(1)
  // Its head has been read by then.
  await expect.poll(() => connection.unansweredMs()).toBe(0)
  connection.leaveWithin(10)
  expect(await asked).not.toBe('answered')
})

it('what is answered before the end is an answer', async () => {
  const held: ServerResponse[] = []
  const { connection } = await silentServer((response) => held.push(response))
  const asked = readRows(connection.landing, 'SELECT 1')
  await expect.poll(() => held.length).toBe(1)
  connection.leaveWithin(3_600_000)
  held[0]!.end('[1]\n')
  expect(await asked).toEqual([[1]])
})

it('tells for how long the landing has had no answer, and not what others wait for', async () => {
  const held: ServerResponse[] = []
  const { connection } = await silentServer((response) => held.push(response))
  expect(connection.unansweredMs()).toBe(0)
  void reasonOf(readRows(connection.query, 'SELECT 1'))
  await expect.poll(() => held.length).toBe(1)
  expect(connection.unansweredMs()).toBe(0)
  const asked = readRows(connection.landing, 'SELECT 1')
  await expect.poll(() => connection.unansweredMs()).toBeGreaterThan(20)
  held[1]!.end('[1]\n')
  await asked
  expect(connection.unansweredMs()).toBe(0)
})

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createDirectWriter, readDirectly } from './direct-socket.ts'

// Both ways of a direct socket on whatever runtime this was started with; prints what became of them as a line of JSON.
const chunkBytes = 300_000
const chunks = Array.from({ length: 40 }, () => randomBytes(chunkBytes))
const hashOf = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

const pair = async (): Promise<{ served: Socket; client: Socket; close: () => void }> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [served] = (await once(server, 'connection')) as [Socket]
  return { served, client, close: () => void server.close() }
}

/** To one who does not read at first: all bytes in order, the last words too, and the count of what waits comes down to nothing. */
const writing = async () => {
  const { served, client, close } = await pair()
  const got: Buffer[] = []
  client.pause()
  const writer = createDirectWriter(served)
  for (const chunk of chunks) writer.write(chunk)
  const waitingAtFirst = writer.waitingBytes
  writer.end(Buffer.from('goodbye'))
  writer.write(Buffer.from('after the end'))
  client.on('data', (chunk) => got.push(chunk as Buffer))
  client.resume()
  await once(client, 'close')
  close()
  return { waitingAtFirst, waitingAtLast: writer.waitingBytes, whole: hashOf(got) === hashOf([...chunks, Buffer.from('goodbye')]) }
}

/** Paused at any time, by what it reads: nothing comes meanwhile, nothing is lost or out of order, the end comes last. */
const reading = async () => {
  const { served, client, close } = await pair()
  const got: Buffer[] = []
  let whilePaused = 0
  let ended = 0
  readDirectly(served, (chunk) => {
    if (served.isPaused()) whilePaused++
    got.push(chunk)
    if (got.length % 3 !== 0) return
    served.pause()
    setTimeout(() => served.resume(), 5)
  })
  served.on('end', () => (ended = got.reduce((bytes, { length }) => bytes + length, 0)))
  for (const chunk of chunks) client.write(chunk)
  client.end()
  await once(served, 'close')
  close()
  return { whilePaused, endedAfterBytes: ended, whole: hashOf(got) === hashOf(chunks) }
}

/** To one who has gone: no exception, and the socket closes. */
const gone = async () => {
  const { served, client, close } = await pair()
  served.on('error', () => {})
  const writer = createDirectWriter(served)
  client.on('error', () => {})
  client.resetAndDestroy()
  const closed = once(served, 'close')
  for (const chunk of chunks) {
    writer.write(chunk)
    await new Promise((resolve) => setImmediate(resolve))
  }
  writer.end(Buffer.from('goodbye'))
  await closed
  close()
  return { destroyed: served.destroyed, waiting: writer.waitingBytes }
}

process.stdout.write(`${JSON.stringify({ writing: await writing(), reading: await reading(), gone: await gone() })}\n`)
process.exit(0)

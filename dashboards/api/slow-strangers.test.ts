import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createTestDesk, type TestDesk } from '../testing/test-desk.ts'

let desk: TestDesk
let sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  await desk.close()
})

const open = async (port: number): Promise<Socket & { ended: Promise<void> }> => {
  const socket = connect({ port, host: '127.0.0.1' })
  sockets.push(socket)
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return Object.assign(socket, { ended })
}
/** The head of a sign-in, and the first byte of a body that never comes. */
const trickle = (port: number): string =>
  `POST /api/v1/session/password HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`
const session = (port: number, cookie: string) =>
  fetch(`http://127.0.0.1:${port}/api/v1/session`, { headers: { cookie, connection: 'close' } })

it('bodies that trickle in from strangers take no place of those who have signed in, and are hung up on', async () => {
  desk = await createTestDesk({ limits: { strangersInFlightMax: 4, strangersInFlightPerAddressMax: 4, strangerRequestMs: 400 } })
  const port = await desk.api.listen({ host: '127.0.0.1', port: 0 })
  const slow = await Promise.all(Array.from({ length: 8 }, () => open(port)))
  for (const socket of slow) socket.write(trickle(port))
  while (desk.api.stats()['strangersInFlight'] !== 4) await new Promise((resolve) => setTimeout(resolve, 5))
  expect((await session(port, desk.browsers.viewer.cookie)).status).toBe(200)
  await Promise.all(slow.slice(0, 4).map(({ ended }) => ended))
  while (desk.api.stats()['strangersInFlight'] !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

it('an address holds so many connections and no more', async () => {
  desk = await createTestDesk({ limits: { connectionsPerAddressMax: 3 } })
  const port = await desk.api.listen({ host: '127.0.0.1', port: 0 })
  const held = [await open(port), await open(port), await open(port)]
  const fourth = await open(port)
  await fourth.ended
  held[0]!.destroy()
  await held[0]!.ended
  // Its place is free again, a moment later.
  let answered = 0
  while (answered !== 200)
    answered = await session(port, desk.browsers.viewer.cookie).then(
      ({ status }) => status,
      () => 0,
    )
})

it('a connection that asks nothing is hung up on, also when it keeps its half open', async () => {
  desk = await createTestDesk({ limits: { headersMs: 300 } })
  const port = await desk.api.listen({ host: '127.0.0.1', port: 0 })
  const idle = await open(port)
  idle.resume()
  await idle.ended
})

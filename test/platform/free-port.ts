import { createServer } from 'node:net'

/** Below what this machine's own connections take theirs from (`ip_local_port_range`): a port is not used up between being chosen and being listened on. */
const first = 20_000
const perProcess = 100
const processes = 120
let taken = 0

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** A port that nothing listens on and that this process has not been given before; test files at the same time have their own hundred. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < perProcess; tries++) {
    const port = first + (process.pid % processes) * perProcess + (taken++ % perProcess)
    if (await isFree(port)) return port
  }
  throw new Error(`${perProcess} ports from ${first + (process.pid % processes) * perProcess} on are all taken`)
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where a part of the platform runs: the address that others reach it at, and what its command lines begin with (`ip netns exec ..`). */
export interface Place {
  readonly address: string
  readonly through: readonly string[]
}

export const loopback: Place = { address: '127.0.0.1', through: [] }

/** Program and arguments, as `spawn` takes them. */
export const commandAt = (place: Place, program: string, args: readonly string[]): [string, string[]] => {
  const [first = program, ...rest] = [...place.through, program, ...args]
  return [first, rest]
}

/** A connection that is kept is closed by its server after 5 s: a test process that is late by a second writes its next question into that end. */
export const asksOnce = { headers: { connection: 'close' } }

/** GET on the place's own loopback, whatever the status; what only answers its own machine is asked there. */
export const getAt = async (place: Place, port: number, path: string): Promise<string> => {
  const url = `http://127.0.0.1:${port}${path}`
  if (place.through.length === 0) return (await fetch(url, asksOnce)).text()
  const [program, args] = commandAt(place, 'curl', ['--silent', '--show-error', '--max-time', '10', url])
  return (await run(program, args, { maxBuffer: 16_777_216 })).stdout
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { commandAt, loopback, type Place } from '../platform/place.ts'
import type { FaultSwitches } from './faults.ts'

export interface StandIn {
  readonly url: string
  readonly password: string
  readonly pid: number
  faults(switches: Partial<Record<keyof FaultSwitches, unknown>>): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** On the same port, with the data that is there. */
  restart(): Promise<void>
  /** SIGSTOP and SIGCONT: connections stay open and nothing is answered. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

/** Starts the stand-in (stand-in.ts) as a process of its own on a free port of loopback. */
export const startStandIn = async (options: {
  readonly directory: string
  readonly password?: string
  readonly usersFile?: string
  readonly tls?: { readonly keyFile: string; readonly certificateFile: string }
  readonly place?: Place
}): Promise<StandIn> => {
  const { directory, password = 'stand-in', usersFile, tls, place = loopback } = options
  let port = 0
  let child: ChildProcess
  const start = async (): Promise<void> => {
    const started = spawn(...commandAt(place, process.execPath, [join(import.meta.dirname, 'stand-in.ts')]), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...process.env,
        // A query occupies a thread of the pool for as long as it runs.
        UV_THREADPOOL_SIZE: '16',
        STAND_IN_DIRECTORY: directory,
        STAND_IN_HOST: place.address,
        STAND_IN_PORT: String(port),
        STAND_IN_PASSWORD: password,
        ...(usersFile === undefined ? {} : { STAND_IN_USERS: usersFile }),
        ...(tls === undefined ? {} : { STAND_IN_KEY: tls.keyFile, STAND_IN_CERTIFICATE: tls.certificateFile }),
      },
    })
    child = started
    let out = ''
    let errors = ''
    started.stderr!.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-4_000)))
    await new Promise<void>((resolve, reject) => {
      started.once('exit', (code) => reject(new Error(`the stand-in ended with ${code}: ${errors}`)))
      started.stdout!.on('data', (data: Buffer) => {
        out += data.toString()
        const listens = /listens on (\d+)/.exec(out)
        if (listens === null) return
        port = Number(listens[1])
        resolve()
      })
    })
  }
  await start()
  process.stderr.write(
    'ClickHouse: tests run on a STAND-IN (the engine of chdb behind a small HTTP front), not on a server; CLICKHOUSE_URL gives one\n',
  )
  const url = `${tls === undefined ? 'http' : 'https'}://${place.address}:${port}`
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    url,
    password,
    get pid() {
      return child.pid!
    },
    async faults(switches) {
      const answer = await fetch(`${url}/stand-in/faults`, {
        method: 'PUT',
        headers: { 'x-clickhouse-user': 'default', 'x-clickhouse-key': password },
        body: JSON.stringify(switches),
      })
      if (!answer.ok) throw new Error(`the stand-in's switches: ${await answer.text()}`)
    },
    kill: () => end('SIGKILL'),
    restart: start,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => end('SIGKILL'),
  }
}

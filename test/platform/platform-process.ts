import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RoleStatus } from '../../app/supervisor.ts'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { commandAt, getAt, loopback, type Place } from './place.ts'

const main = fileURLToPath(new URL('../../app/main.ts', import.meta.url))

export interface PlatformProcess {
  readonly mqttPort: number
  readonly healthPort: number
  readonly output: () => string
  roles(): Promise<readonly RoleStatus[]>
  /** SIGKILL to the supervisor and every role at once: as near to a power cut as a process gets. */
  killAll(): Promise<void>
  /** SIGKILL to one role. */
  killRole(name: string): Promise<void>
  /** Ctrl-C; resolves with the exit code and how long it took, ms. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>
}

/** Runs `wardwatch run` as a user would, and waits until it says that it is ready. */
export const startPlatformProcess = async (options: {
  readonly data: string
  readonly mqttPort: number
  readonly runtime?: 'bun' | 'node'
  readonly flags?: readonly string[]
  readonly place?: Place
  /** Ends the wait for a start that may take for ever. */
  readonly signal?: AbortSignal
}): Promise<PlatformProcess> => {
  const { place = loopback } = options
  const words = [
    'run',
    '--data',
    options.data,
    '--mqtt-port',
    String(options.mqttPort),
    '--metrics-port',
    '0',
    '--desk-port',
    '0',
    ...(options.runtime === undefined ? [] : ['--runtime', options.runtime]),
    ...(options.flags ?? []),
  ]
  const child: ChildProcess = spawn(...commandAt(place, nodeBinary()!, ['--disable-warning=ExperimentalWarning', main, ...words]), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WARDWATCH_LOG_LEVEL: process.env['WARDWATCH_LOG_LEVEL'] ?? 'warn' },
  })
  // A test process that dies must not leave a platform behind; roles end with their supervisor.
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  options.signal?.addEventListener('abort', kill, { once: true })
  let output = ''
  const exited = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      process.removeListener('exit', kill)
      resolve(code)
    }),
  )
  const healthPort = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-100_000)
      const ready = /ready: .*127\.0\.0\.1:(\d+)\/readyz/.exec(output)
      if (ready === null) return
      options.signal?.removeEventListener('abort', kill)
      resolve(Number(ready[1]))
    }
    child.stdout!.on('data', read)
    child.stderr!.on('data', read)
    void exited.then((code) => reject(new Error(`the platform ended with ${code} before it was ready:\n${output}`)))
  })
  const roles = async (): Promise<readonly RoleStatus[]> =>
    (JSON.parse(await getAt(place, healthPort, '/status')) as { roles: readonly RoleStatus[] }).roles
  return {
    mqttPort: options.mqttPort,
    healthPort,
    output: () => output,
    roles,
    async killAll() {
      const pids = (await roles()).flatMap(({ pid }) => (pid === null ? [] : [pid]))
      for (const pid of [child.pid!, ...pids]) sendKill(pid)
      await exited
    },
    async killRole(name) {
      const role = (await roles()).find((one) => one.name === name)
      if (role?.pid === undefined || role.pid === null) throw new Error(`${name} does not run`)
      sendKill(role.pid)
    },
    async stop() {
      const from = performance.now()
      child.kill('SIGINT')
      return { code: await exited, ms: performance.now() - from }
    },
  }
}

const sendKill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

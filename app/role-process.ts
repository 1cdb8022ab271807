import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Config } from './config.ts'
import type { MachineFigures } from '../contracts/machine-figures.ts'
import type { FromRole, ToRole } from './roles/channel.ts'
import type { RoleKind, RoleStatus, Stats } from './role-status.ts'

export type { RoleKind } from './role-status.ts'

export interface RoleProcess {
  readonly pid: number
  /** Resolves with the role's facts once it runs; rejects with its reason when it can't start. */
  readonly ready: Promise<Stats>
  /** Resolves when the process has ended; with what it said of that itself. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly problem: string | null }>
  /** The newest statistics and when they came, ms. */
  readonly latest: { readonly stats: Stats; readonly atMs: number } | null
  /** Tells it how all roles are. */
  tellRoles(roles: readonly RoleStatus[]): void
  /** Has it tell the other machines, by its log, how this one is. */
  tellMachine(figures: MachineFigures): void
  /** Asks it to end; kills it after the grace. */
  stop(graceMs: number): Promise<'ended' | 'killed'>
  kill(): void
}

export interface RoleProcessOptions {
  readonly kind: RoleKind
  readonly name: string
  /** The runtime's binary and the arguments before the script. */
  readonly command: readonly [string, ...string[]]
  readonly options: unknown
  readonly logLevel: Config['logLevel']
  readonly logFile: string | null
  readonly now: () => number
}

/** A role did not start because what it needs is away. */
export class StartPostponed extends Error {}

/** Starts one role in a process of its own, with a channel for its options, statistics and end. */
export const startRoleProcess = ({ kind, name, command, options, logLevel, logFile, now }: RoleProcessOptions): RoleProcess => {
  const script = fileURLToPath(new URL(`./roles/${kind}.ts`, import.meta.url))
  const [binary, ...before] = command
  const child: ChildProcess = spawn(binary, [...before, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'json',
    // A role gets what it needs over the channel; the environment may hold the master key.
    env: withoutSecrets(process.env),
  })
  let latest: RoleProcess['latest'] = null
  let problem: string | null = null
  const exited: RoleProcess['exited'] = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, problem }))
    child.once('error', ({ message }) => resolve({ code: null, signal: null, problem: message }))
  })
  const ready = new Promise<Stats>((resolve, reject) => {
    child.on('message', (message: FromRole) => {
      if (message.type === 'ready') resolve(message.info)
      else if (message.type === 'failed') {
        problem = message.problem
        reject(message.passing ? new StartPostponed(problem) : new Error(problem))
      } else latest = { stats: message.stats, atMs: now() }
    })
    child.once('error', reject)
    void exited.then(({ code, signal }) => reject(new Error(`${name} ended with ${signal ?? code} before it was ready`)))
  })
  ready.catch(() => {})
  const send = (message: ToRole<unknown>): void => {
    if (child.connected) child.send(message, () => {})
  }
  send({ type: 'start', name, logLevel, logFile, options })
  return {
    pid: child.pid ?? -1,
    ready,
    exited,
    get latest() {
      return latest
    },
    tellRoles: (roles) => send({ type: 'roles', roles }),
    tellMachine: (figures) => send({ type: 'machine', figures }),
    async stop(graceMs) {
      send({ type: 'stop' })
      let end: 'ended' | 'killed' = 'ended'
      const timer = setTimeout(() => {
        if (child.kill('SIGKILL')) end = 'killed'
      }, graceMs)
      await exited
      clearTimeout(timer)
      return end
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

const withoutSecrets = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => name !== 'WARDWATCH_KEY'))

import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { MachineFigures } from '../../contracts/machine-figures.ts'
import type { Config } from '../config.ts'
import { createLogger } from '../logger.ts'
import type { RoleStatus, Stats } from '../role-status.ts'
import { createMachineTeller } from './tell-machine.ts'

export type { Stats } from '../role-status.ts'

/** What the supervisor tells a role; secrets travel only here, never in arguments or the environment. */
export type ToRole<Options> =
  | {
      readonly type: 'start'
      readonly name: string
      readonly logLevel: Config['logLevel']
      readonly logFile: string | null
      readonly options: Options
    }
  /** How all roles are, each second: for the one that shows it. */
  | { readonly type: 'roles'; readonly roles: readonly RoleStatus[] }
  /** How this machine is, every few seconds: for the desks on others, by the log of one role. */
  | { readonly type: 'machine'; readonly figures: MachineFigures }
  | { readonly type: 'stop' }

/** What a role tells the supervisor. */
export type FromRole =
  | { readonly type: 'ready'; readonly info: Stats }
  | { readonly type: 'stats'; readonly stats: Stats }
  /** `passing`: what it needs is away; the same may work later. */
  | { readonly type: 'failed'; readonly problem: string; readonly passing: boolean }

export interface RunningRole {
  /** What the supervisor needs to know of it, e.g. the port it listens on. */
  readonly info: Stats
  /** Where its machine is told of, when the supervisor asks it to. */
  readonly log: Pick<EventLog, 'append' | 'ranges' | 'trouble'>
  stats(): Stats
  /** Rejects when the role can't go on: the process ends and is restarted. */
  readonly failed: Promise<void>
  /** Told how all roles are, each second; only the hub wants it. */
  onRoles?(roles: readonly RoleStatus[]): void
  close(): Promise<void>
}

/** A start that can't succeed by trying again: told as it is, without a stack. */
export class RoleRefused extends Error {}

const statsEveryMs = 1_000

/** The main of a role's process: waits for `start`, tells `ready` and its statistics each second, and ends with its supervisor. */
export const serveRole = <Options>(start: (options: Options, logger: Logger, name: string) => Promise<RunningRole>): void => {
  let role: RunningRole | undefined
  let tellMachine: ((figures: MachineFigures) => void) | undefined
  let stopping = false
  const tell = (message: FromRole): void => {
    if (process.connected) process.send?.(message)
  }

  const end = async (code: number): Promise<void> => {
    if (stopping) return
    stopping = true
    // Whatever hangs in closing, the log is safe: promise 1 holds at any point.
    setTimeout(() => process.exit(code === 0 ? 3 : code), 8_000).unref()
    try {
      await role?.close()
    } finally {
      process.exit(code)
    }
  }

  process.on('message', (message: ToRole<Options>) => {
    if (message.type === 'stop') void end(0)
    else if (message.type === 'roles') role?.onRoles?.(message.roles)
    else if (message.type === 'machine') tellMachine?.(message.figures)
    else void begin(message)
  })
  // The supervisor is gone without a word: whoever starts next must not meet this process at the log.
  process.on('disconnect', () => process.exit(4))
  // Ctrl-C reaches the whole group of the terminal; the supervisor stops its roles in order.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => void end(0))

  const begin = async (message: Extract<ToRole<Options>, { type: 'start' }>): Promise<void> => {
    const logger = createLogger({ level: message.logLevel, name: message.name, file: message.logFile ?? undefined })
    try {
      role = await start(message.options, logger, message.name)
    } catch (error) {
      const passing = error instanceof LogUnavailable && (error.reason === 'broker-away' || error.reason === 'disk-full')
      if (!(error instanceof RoleRefused) && !passing) logger.error({ err: error }, 'start failed')
      tell({ type: 'failed', problem: error instanceof Error ? error.message : String(error), passing })
      await end(5)
      return
    }
    const running = role
    tellMachine = createMachineTeller(role.log, logger)
    tell({ type: 'ready', info: running.info })
    running.failed.then(
      () => {},
      (error: unknown) => {
        logger.error({ err: error }, 'the role failed')
        tell({ type: 'failed', problem: error instanceof Error ? error.message : String(error), passing: false })
        void end(6)
      },
    )
    setInterval(
      () => tell({ type: 'stats', stats: { ...running.stats(), logTrouble: running.log.trouble?.() ?? null, process: processStats() } }),
      statsEveryMs,
    )
  }
}

const processStats = (): Stats => {
  const { user, system } = process.cpuUsage()
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6, uptimeSeconds: process.uptime() }
}

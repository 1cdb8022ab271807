import type { Logger } from '../contracts/logger.ts'
import type { Config } from './config.ts'
import { machineFiguresOf } from './machine-figures.ts'
import { type RoleProcess, StartPostponed, startRoleProcess } from './role-process.ts'
import { does, type RoleKind, type RoleStatus, type Stats } from './role-status.ts'
import { runtimeCommand } from './runtimes.ts'
import { stopGraceMs } from './stop-times.ts'

export type { RoleStatus } from './role-status.ts'

export interface RolePlan {
  readonly kind: RoleKind
  readonly name: string
  /** Roles of a lower tier run before those of a higher one start, and stop after them. */
  readonly tier: number
  /** Gets the facts of the run before, empty at first: a port that was chosen then is kept. */
  readonly options: (before: Stats) => unknown
  /** Above this it is restarted: oven-sh/bun#17777 lets memory grow in TLS. */
  readonly memoryBytesMax?: number
}

export interface Supervisor {
  /**
   * Starts the tiers in order; on a failure stops what runs and gives the reason. What a role needs and is away is waited for (a site comes
   * back from a power cut in any order), until `cancelled`.
   */
  start(
    onProgress: (name: string, info: Stats) => void,
    waits: { readonly onWait: (name: string, reason: string) => void; readonly cancelled: Promise<void> },
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: string }>
  status(): readonly RoleStatus[]
  /** In reverse order of the start. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  readonly config: Config
  readonly plans: readonly RolePlan[]
  /** This machine's name among those of its log; null where it is all there is. */
  readonly machine: string | null
  /** Of this start, another each time. */
  readonly run: string
  readonly logger: Logger
  readonly logFile: string | null
  readonly now: () => number
  /** Remembers and forgets the processes of the data directory, so that the next owner can end what outlived this one. */
  readonly children: { recordChild(pid: number): void; forgetChild(pid: number): void }
}

const restartDelayMs = { first: 100, most: 5_000 }
const tickMs = 1_000
/** Every so many ticks the machines on the same log are told. */
const tellingTicks = 5

interface Slot {
  readonly plan: RolePlan
  process: RoleProcess | null
  state: RoleStatus['state']
  restarts: number
  problem: string | null
  info: Stats
  delayMs: number
}

/** Runs the roles, each in its process; one that dies or swells is started again. */
export const createSupervisor = ({ config, plans, machine, run, logger, logFile, now, children }: SupervisorOptions): Supervisor => {
  const slots: Slot[] = plans.map((plan) => ({
    plan,
    process: null,
    state: 'stopped',
    restarts: 0,
    problem: null,
    info: {},
    delayMs: restartDelayMs.first,
  }))
  let stopping = false
  let ticks = 0
  let watch: NodeJS.Timeout | undefined
  const delays = new Set<() => void>()

  const launch = async (slot: Slot): Promise<void> => {
    const { kind, name, options } = slot.plan
    const process = startRoleProcess({
      kind,
      name,
      command: runtimeCommand(kind, config.runtime),
      options: options(slot.info),
      logLevel: config.logLevel,
      logFile,
      now,
    })
    slot.process = process
    children.recordChild(process.pid)
    void process.exited.then((end) => {
      children.forgetChild(process.pid)
      if (slot.process === process) slot.process = null
      if (!stopping && slot.state === 'running') void restart(slot, end)
    })
    slot.info = await process.ready
    slot.state = 'running'
    slot.problem = null
  }

  const launchPatiently = async (
    slot: Slot,
    { onWait, cancelled }: { onWait: (name: string, reason: string) => void; cancelled: Promise<void> },
  ): Promise<void> => {
    let given = false
    void cancelled.then(() => (given = true))
    for (let told = ''; ;) {
      try {
        return await launch(slot)
      } catch (error) {
        if (!(error instanceof StartPostponed) || stopping || given) throw error
        if (error.message !== told) {
          told = error.message
          logger.error({ role: slot.plan.name, reason: told }, 'a role can not start yet; it is tried again')
          onWait(slot.plan.name, told)
        }
        await Promise.race([delay(slot.delayMs), cancelled])
        slot.delayMs = Math.min(slot.delayMs * 2, restartDelayMs.most)
        if (stopping || given) throw error
      }
    }
  }

  const restart = async (slot: Slot, end: Awaited<RoleProcess['exited']>): Promise<void> => {
    slot.state = 'restarting'
    slot.problem = end.problem
    for (;;) {
      slot.restarts++
      logger.error({ role: slot.plan.name, ...end, restarts: slot.restarts, delayMs: slot.delayMs }, 'a role ended; starting it again')
      await delay(slot.delayMs)
      slot.delayMs = Math.min(slot.delayMs * 2, restartDelayMs.most)
      if (stopping) return
      try {
        await launch(slot)
        logger.info({ role: slot.plan.name }, 'the role runs again')
        return
      } catch (error) {
        slot.problem = error instanceof Error ? error.message : String(error)
        logger.error({ role: slot.plan.name, err: error }, 'the role could not be started')
      }
    }
  }

  const delay = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        delays.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      delays.add(done)
    })

  const inspect = (): void => {
    for (const slot of slots) {
      const { process, plan } = slot
      const latest = process?.latest
      if (process === null || latest === null || latest === undefined || slot.state !== 'running') continue
      const resident = (latest.stats['process'] as { residentBytes?: number } | undefined)?.residentBytes ?? 0
      if (plan.memoryBytesMax !== undefined && resident > plan.memoryBytesMax) {
        logger.warn(
          { role: plan.name, residentBytes: resident, memoryBytesMax: plan.memoryBytesMax },
          'a role takes too much memory; restarting it',
        )
        void process.stop(stopGraceMs)
      } else if (slot.delayMs > restartDelayMs.first && ((latest.stats['process'] as { uptimeSeconds?: number }).uptimeSeconds ?? 0) > 60) {
        slot.delayMs = restartDelayMs.first
      }
    }
  }

  const status = (): RoleStatus[] =>
    slots.map(({ plan, process, state, restarts, problem, info }) => ({
      name: plan.name,
      kind: plan.kind,
      state,
      pid: process?.pid ?? null,
      restarts,
      problem,
      info,
      stats: process?.latest?.stats ?? null,
      statsAtMs: process?.latest?.atMs ?? null,
    }))

  /** The supervisor has no log of its own: a role that works has. */
  const tellOthers = (roles: readonly RoleStatus[], leaves = false): void => {
    if (machine === null) return
    const figures = { ...machineFiguresOf(machine, run, roles, now()), leaves }
    const speaker = figures.roles.findIndex(({ state }) => state === 'running')
    slots[speaker]?.process?.tellMachine(figures)
  }

  const tick = (): void => {
    inspect()
    const roles = status()
    for (const { plan, process, state } of slots) if (does(plan.kind, 'desk') && state === 'running') process?.tellRoles(roles)
    if (ticks++ % tellingTicks === 0) tellOthers(roles)
  }

  const stop = async (): Promise<void> => {
    stopping = true
    clearInterval(watch)
    for (const done of delays) done()
    tellOthers(status(), true)
    for (const tier of tiersOf(slots).toReversed())
      await Promise.all(
        tier.map(async (slot) => {
          const ended = await slot.process?.stop(stopGraceMs)
          if (ended === 'killed') logger.warn({ role: slot.plan.name, stopGraceMs }, 'a role did not end in time and was killed')
          slot.state = 'stopped'
        }),
      )
  }

  return {
    async start(onProgress, waits) {
      for (const tier of tiersOf(slots)) {
        const results = await Promise.allSettled(
          tier.map(async (slot) => {
            slot.state = 'starting'
            await launchPatiently(slot, waits)
            slot.delayMs = restartDelayMs.first
            onProgress(slot.plan.name, slot.info)
          }),
        )
        const failed = results.findIndex((result) => result.status === 'rejected')
        if (failed >= 0) {
          const reason: unknown = (results[failed] as PromiseRejectedResult).reason
          await stop()
          return { ok: false, problem: `${tier[failed]!.plan.name}: ${reason instanceof Error ? reason.message : String(reason)}` }
        }
      }
      watch = setInterval(tick, tickMs)
      return { ok: true }
    },
    status,
    stop,
  }
}

const tiersOf = (slots: readonly Slot[]): Slot[][] => {
  const tiers = new Map<number, Slot[]>()
  for (const slot of slots) tiers.set(slot.plan.tier, [...(tiers.get(slot.plan.tier) ?? []), slot])
  return [...tiers.entries()].toSorted(([a], [b]) => a - b).map(([, tier]) => tier)
}

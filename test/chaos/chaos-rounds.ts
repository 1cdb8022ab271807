import { systemScheduler } from '../../simulators/scheduler.ts'
import type { MachinePlan } from '../platform/distributed.ts'
import { until } from '../platform/until.ts'
import { planChaos, tellFault } from './chaos-plan.ts'
import { inject, untilSound } from './inject.ts'
import { type LoadOptions, type LoadReport, startLoadedPlatform } from './loaded-platform.ts'

const recoveryMsMax = 120_000

/**
 * The whole distributed platform under load, and each round something dies, joins or leaves; then what was promised is held against what is
 * there. The seed decides what happens and when. Machines with `later` are the guests that join and leave.
 */
export const runChaosRounds = async (options: {
  readonly load: LoadOptions
  readonly machines: Readonly<Record<string, MachinePlan>>
  readonly rounds: number
  readonly awayMsMax: number
  /** No round begins after so long: what was run until then is judged. */
  readonly roundsMsMax?: number
  readonly tell?: (line: string) => void
}): Promise<LoadReport> => {
  const { load, machines, rounds, awayMsMax, roundsMsMax = Infinity, tell = () => {} } = options
  const startedMs = performance.now()
  const names = Object.keys(machines)
  const plan = planChaos({
    seed: load.seed,
    rounds,
    machines: names.filter((name) => machines[name]!.later !== true),
    guests: names.filter((name) => machines[name]!.later === true),
    awayMsMax,
  })
  const { platform, fleet, command, verdict, stop } = await startLoadedPlatform(load, {
    clickhouse: true,
    balancer: true,
    machines,
    settings: { 'log-kafka-session-seconds': '6' },
  })
  const told: string[] = []
  try {
    tell(`${load.devices} devices are connected`)
    for (const [number, { loadMs, faults }] of plan.entries()) {
      if (performance.now() - startedMs > roundsMsMax) {
        tell(`the time is up after ${number} rounds`)
        break
      }
      await systemScheduler.sleep(loadMs)
      const round = `${number + 1}: ${faults.map(tellFault).join(' + ')}`
      told.push(round)
      const before = fleet.acknowledged()
      const fromMs = performance.now()
      await Promise.all([...faults.map((fault) => inject(platform, fault)), command(`round ${number + 1}`)])
      await untilSound(platform, recoveryMsMax)
      await until('readings are acknowledged again', () => fleet.acknowledged() > before + load.devices, recoveryMsMax)
      tell(
        `${round}: sound after ${((performance.now() - fromMs) / 1_000).toFixed(1)} s; ${fleet.acknowledged()} acknowledged, ${fleet.connected()} connected, ${fleet.waiting()} wait; ${Math.round(fleet.longestSilenceMs())} ms without a PUBACK at most`,
      )
    }
    return await verdict(told)
  } catch (error) {
    for (const name of platform.running()) tell(`${name} said:\n${platform.machine(name).output().slice(-3_000)}`)
    throw new Error(`seed ${load.seed}, after ${told.join('; ')}: ${(error as Error).message}`, { cause: error })
  } finally {
    await stop()
  }
}

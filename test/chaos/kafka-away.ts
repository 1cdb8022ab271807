import { readFileSync } from 'node:fs'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { until } from '../platform/until.ts'
import { untilSound } from './inject.ts'
import { type LoadOptions, type LoadReport, oneOfEach, startLoadedPlatform } from './loaded-platform.ts'

export interface KafkaAwayReport extends LoadReport {
  /** Acknowledged between two looks in the middle of the outage. */
  readonly acknowledgedMeanwhile: number
  /** Readings that waited in the devices at its end. */
  readonly waitedInDevices: number
  /** Resident memory of each role, MB: before, and the most until all had drained. */
  readonly memory: Readonly<Record<string, { readonly before: number; readonly most: number }>>
  /** What `/readyz` of each edge said, and how long its figures said that Kafka was away, ms. */
  readonly readyz: Readonly<Record<string, string>>
  readonly brokerAwayMs: Readonly<Record<string, number>>
  /** What each edge's log said. */
  readonly logged: Readonly<Record<string, string>>
  /** What the desk answered who asked for a command meanwhile. */
  readonly deskSaid: string
  readonly drainMs: number
}

const edges = ['edge-a', 'edge-b']
const patienceMs = 120_000
const megabyte = 1_048_576

const residentOf = (pid: number): number => {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (Number(kilobytes ?? 0) * 1_024) / megabyte
}

/** Kafka is away for `awayMs` under the load of a fleet; then everything drains. */
export const runKafkaAway = async (
  load: LoadOptions,
  awayMs: number,
  tell: (line: string) => void = () => {},
): Promise<KafkaAwayReport> => {
  const { platform, fleet, command, verdict, stop } = await startLoadedPlatform(load, {
    clickhouse: true,
    balancer: true,
    machines: oneOfEach,
  })
  const memory: Record<string, { before: number; most: number }> = {}
  let sampling: NodeJS.Timeout | undefined
  try {
    await until('readings are acknowledged', () => fleet.acknowledged() > load.devices * 3, patienceMs)
    await command('before Kafka is away')
    const roles = (await Promise.all(platform.running().map((name) => platform.machine(name).roles()))).flat()
    const pids = roles.map(({ name, pid }) => [name, pid!] as const)
    for (const [name, pid] of pids) memory[name] = { before: Math.round(residentOf(pid)), most: 0 }
    sampling = setInterval(() => {
      // A role that died has no memory; that it may not die is looked at in the end.
      for (const [name, pid] of pids)
        try {
          memory[name]!.most = Math.max(memory[name]!.most, Math.round(residentOf(pid)))
        } catch {
          continue
        }
    }, 250)
    const broker = platform.kafka.nodes[0]!
    const fromMs = performance.now()
    await broker.kill()
    for (const name of edges)
      await until(`${name} is not ready`, async () => (await platform.readyz(name)).includes('can not write the log'), 60_000)
    tell(`the edges are not ready ${((performance.now() - fromMs) / 1_000).toFixed(1)} s after Kafka's end`)
    const before = fleet.acknowledged()
    await systemScheduler.sleep(awayMs - (performance.now() - fromMs))
    const deskSaid = (await command('while Kafka is away')) ?? ''
    const acknowledgedMeanwhile = fleet.acknowledged() - before
    const waitedInDevices = fleet.waiting()
    const readyz: Record<string, string> = {}
    const brokerAwayMs: Record<string, number> = {}
    const logged: Record<string, string> = {}
    for (const name of edges) {
      readyz[name] = (await platform.readyz(name)).trim()
      const [role] = await platform.machine(name).roles()
      brokerAwayMs[name] = (role?.stats?.['log'] as { brokerAwayMs?: number } | undefined)?.brokerAwayMs ?? 0
      logged[name] = /^.*Kafka takes nothing.*$/m.exec(platform.machine(name).output())?.[0] ?? ''
    }
    await broker.start()
    const backMs = performance.now()
    await untilSound(platform, patienceMs)
    await until('what waited is acknowledged', () => fleet.waiting() < load.devices, patienceMs)
    const drainMs = Math.round(performance.now() - backMs)
    tell(`${waitedInDevices} readings waited in the devices; acknowledged ${drainMs} ms after Kafka was back`)
    const restarted = (await Promise.all(platform.running().map((name) => platform.machine(name).roles())))
      .flat()
      .filter(({ restarts }) => restarts > 0)
    if (restarted.length > 0) throw new Error(`restarted meanwhile: ${restarted.map(({ name }) => name).join(', ')}`)
    const judged = await verdict([`Kafka away for ${awayMs / 1_000} s`])
    return { ...judged, acknowledgedMeanwhile, waitedInDevices, memory, readyz, brokerAwayMs, logged, deskSaid, drainMs }
  } catch (error) {
    for (const name of platform.running()) tell(`${name} said:\n${platform.machine(name).output().slice(-3_000)}`)
    throw error
  } finally {
    clearInterval(sampling)
    await stop()
  }
}

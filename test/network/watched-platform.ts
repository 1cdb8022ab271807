import { ask } from '../../app/control/client.ts'
import { enrolSimulated } from '../../app/simulated-credentials.ts'
import type { Alert } from '../../contracts/alert.ts'
import { type Distributed, type DistributedOptions, startDistributed } from '../platform/distributed.ts'
import type { Place } from '../platform/place.ts'
import { queryRows } from '../platform/query-rows.ts'
import { until } from '../platform/until.ts'
import { type FleetRecord, fleetSite } from './fleet-words.ts'
import { type PlacedFleet, startFleet } from './start-fleet.ts'

/** What stands at the end beside what was promised. */
export interface Account {
  readonly acknowledged: number
  readonly redelivered: number
  readonly dropped: number
  readonly missing: readonly string[]
  readonly doubled: readonly string[]
  /** Findings that landed, those that landed again, and devices that were found and did nothing. */
  readonly findings: number
  readonly findingsRepeated: number
  readonly honestFound: readonly string[]
  /** The most that each process had in memory, MB, by its role's name. */
  readonly memoryMb: Readonly<Record<string, number>>
}

/** A distributed platform with a small fleet at it: what was done to it has to leave no trace but time. */
export interface WatchedPlatform {
  readonly platform: Distributed
  readonly fleet: PlacedFleet
  record(): Promise<FleetRecord>
  /** A device that lied by now has an alert at the desk. */
  untilFound(device: string): Promise<void>
  /** Ms until readings of every device made from now on are acknowledged, what is acknowledged has landed, and a new command is at its device. */
  recovery(): Promise<number>
  /** What each machine says of its roles and has said last: for who looks for why something did not come about. */
  told(): Promise<string>
  account(): Promise<Account>
  stop(): Promise<void>
}

const patienceMs = 120_000
const keyOf = (device: string, seq: number): string => `${device}/${seq}`

export const startWatchedPlatform = async (options: {
  readonly seed: number
  readonly devices: number
  readonly everyMs: number
  readonly platform: DistributedOptions
  readonly place: (part: string) => Place
  /** Once everything but the machines that come later runs: starts those. */
  readonly complete?: (platform: Distributed) => Promise<void>
}): Promise<WatchedPlatform> => {
  const { seed, everyMs, place } = options
  const platform = await startDistributed({ ...options.platform, place })
  const peaks = new Map<string, number>()
  const liars = new Set<string>()
  let fleet: PlacedFleet | null = null
  const sample = (): void => {
    for (const name of platform.running())
      void platform
        .machine(name)
        .roles()
        .then((roles) => {
          for (const { name: role, stats } of roles) {
            const bytes = (stats?.['process'] as { residentBytes?: number } | undefined)?.residentBytes ?? 0
            peaks.set(role, Math.max(peaks.get(role) ?? 0, bytes / 1_048_576))
          }
        })
        // Asked while it ends or is asked for the last time.
        .catch(() => {})
  }
  const sampler = setInterval(sample, 2_000)
  const stop = async (): Promise<void> => {
    clearInterval(sampler)
    await fleet?.stop()
    await platform.stop()
  }
  try {
    await options.complete?.(platform)
    const names = Array.from({ length: options.devices }, (_, i) => ({
      device: `dev-${i + 1}`,
      site: fleetSite,
      ward: 'icu',
      model: 'test',
    }))
    const enrolled = await enrolSimulated(platform.deskData, names, () => {})
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const edge = platform.running().find((name) => options.platform.machines[name]!.roles.includes('edge'))!
    fleet = startFleet(place('fleet'), {
      devices: [...enrolled.credentials].map(([device, credentials]) => ({ device, credentials })),
      host: place(edge).address,
      port: platform.mqttPort,
      serverName: platform.serverName,
      seed,
      keepAliveSeconds: 10,
      everyMs,
    })
  } catch (error) {
    await stop()
    throw error
  }
  const running = fleet
  await until('all devices are connected', async () => (await running.record()).devices.every(({ connected }) => connected))
  let commands = 0

  const landed = async (): Promise<string[]> =>
    (
      await queryRows<{ device: string; seqs: readonly (string | number)[] }>(
        platform.deskData,
        'SELECT device, groupArray(seq) AS seqs FROM readings GROUP BY device',
      )
    ).flatMap(({ device, seqs }) => seqs.map((seq) => keyOf(device, Number(seq))))
  const landedCount = async (): Promise<number> =>
    Number((await queryRows<{ n: string }>(platform.deskData, 'SELECT toString(uniqExact(device, seq)) AS n FROM readings'))[0]?.n ?? 0)
  const acknowledgedOf = ({ devices }: FleetRecord): string[] =>
    devices.flatMap(({ device, acknowledged }) => acknowledged.map((seq) => keyOf(device, seq)))
  const alerts = async (): Promise<readonly Alert[]> => {
    const answer = await ask<{ alerts: readonly Alert[] }>(platform.deskData, 'alerts', { limit: 1_000 })
    return answer.ok ? answer.value.alerts : []
  }

  return {
    platform,
    fleet: { ...running, lie: (device) => (liars.add(device), running.lie(device)) },
    record: () => running.record(),
    untilFound: (device) =>
      until(`an alert about ${device}`, async () => (await alerts()).some((alert) => alert.device === device), patienceMs),
    async recovery() {
      const fromMs = performance.now()
      const before = (await running.record()).devices
      const since = (record: FleetRecord): boolean =>
        record.devices.every(({ acknowledged }, i) => Math.max(0, ...acknowledged) > before[i]!.made)
      await until('every device is acknowledged again', async () => since(await running.record()), patienceMs)
      const promised = acknowledgedOf(await running.record()).length
      await until('what is acknowledged has landed', async () => (await landedCount()) >= promised, patienceMs)
      const word = `command-${++commands}`
      const { device } = before[commands % before.length]!
      const taken = async (): Promise<boolean> => {
        const answer = await ask<{ ok: boolean }>(platform.deskData, 'command', { device, payload: word })
        return answer.ok && answer.value.ok
      }
      await until('the desk takes a command', taken, patienceMs)
      const there = async (): Promise<boolean> => (await running.record()).devices.some((one) => one.commands.includes(word))
      await until('the command is at its device', there, patienceMs)
      for (const name of platform.running())
        await until(`${name} is ready`, async () => (await platform.readyz(name)).includes('"ok":true'), patienceMs)
      return Math.round(performance.now() - fromMs)
    },
    async told() {
      const machines = platform.running().map(async (name) => {
        const roles = await platform
          .machine(name)
          .roles()
          .catch((error: unknown) => String(error))
        return `${name}: ${JSON.stringify(roles).slice(0, 12_000)}\n${platform.machine(name).output().slice(-4_000)}`
      })
      return (await Promise.all(machines)).join('\n')
    },
    async account() {
      running.rest()
      const drained = async (): Promise<boolean> => (await running.record()).devices.every(({ waiting }) => waiting === 0)
      await until('every reading is acknowledged', drained, patienceMs)
      const { devices } = await running.record()
      const acknowledged = acknowledgedOf({ residentBytes: 0, devices })
      // What is missing is for the account to say, so waiting for it ends without an error.
      await until('all has landed', async () => (await landedCount()) >= acknowledged.length, patienceMs).catch(() => {})
      const rows = await landed()
      const there = new Set<string>()
      const doubled = rows.filter((row) => there.size === there.add(row).size)
      const found = await queryRows<{ id: string; device: string; detector: string; why: string }>(
        platform.deskData,
        'SELECT id, device, detector, why FROM findings',
      )
      return {
        acknowledged: acknowledged.length,
        redelivered: devices.reduce((sum, { redelivered }) => sum + redelivered, 0),
        dropped: devices.reduce((sum, { dropped }) => sum + dropped, 0),
        missing: acknowledged.filter((one) => !there.has(one)),
        doubled,
        findings: found.length,
        findingsRepeated: found.length - new Set(found.map(({ id }) => id)).size,
        honestFound: found.filter(({ device }) => !liars.has(device)).map(({ detector, why }) => `${detector}: ${why}`),
        memoryMb: Object.fromEntries([...peaks].map(([role, mb]) => [role, Math.round(mb)])),
      }
    },
    stop,
  }
}

import { ask } from '../../app/control/client.ts'
import { enrolSimulated } from '../../app/simulated-credentials.ts'
import { type Distributed, type DistributedOptions, startDistributed } from '../platform/distributed.ts'
import { queryRows } from '../platform/query-rows.ts'
import { until } from '../platform/until.ts'
import { judge, type Verdict } from './judge.ts'
import { fleetDevices, type RecordingFleet, startRecordingFleet } from './recording-fleet.ts'

/** Two edges, and one machine of each other role. */
export const oneOfEach = {
  desk: { roles: ['desk'] },
  sink: { roles: ['sink'] },
  'detect-a': { roles: ['detect'] },
  'edge-a': { roles: ['edge'] },
  'edge-b': { roles: ['edge'] },
} as const

export interface LoadOptions {
  readonly seed: number
  readonly devices: number
  readonly readingsPerSecond: number
  /** One device in so many says what can't be, from some time within `liesWithinMs` on. */
  readonly liarEvery: number
  readonly liesWithinMs: number
}

export interface LoadReport extends Verdict {
  readonly seed: number
  /** What was done to it, in order. */
  readonly rounds: readonly string[]
  /** Commands that the desk took, those of them that their device did not get, and repeats of one at its device. */
  readonly commands: { readonly taken: number; readonly lost: readonly string[]; readonly repeats: number }
  /** Readings that devices had to let go because their memory was full. */
  readonly dropped: number
  /** Devices that lie, and those of them that nothing was found about; what was found about any other. */
  readonly liars: number
  readonly liarsNotFound: readonly string[]
  readonly honestFound: Readonly<Record<string, number>>
  readonly readingsPerSecond: number
}

/** A distributed platform with a fleet at it, and a record of all that was promised. */
export interface LoadedPlatform {
  readonly platform: Distributed
  readonly fleet: RecordingFleet
  /** Asks the desk to send a command to a device: some other one each time. Why it took none; null when it did. */
  command(word: string): Promise<string | null>
  liarsFound(): Promise<number>
  /** The fleet ends, everything is waited for, and held against what was promised. */
  verdict(rounds: readonly string[]): Promise<LoadReport>
  stop(): Promise<void>
}

const drainMsMax = 240_000

export const startLoadedPlatform = async (load: LoadOptions, parts: DistributedOptions): Promise<LoadedPlatform> => {
  const { seed, devices: count, readingsPerSecond, liarEvery, liesWithinMs } = load
  const platform = await startDistributed(parts)
  let fleet: RecordingFleet
  try {
    const enrolled = await enrolSimulated(platform.deskData, fleetDevices(count), () => {})
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const { mqttPort: port, serverName } = platform
    fleet = await startRecordingFleet({
      credentials: enrolled.credentials,
      port,
      serverName,
      seed,
      readingsPerSecond,
      liarEvery,
      liesWithinMs,
    })
  } catch (error) {
    await platform.stop()
    throw error
  }
  const taken = new Map<string, string>()
  const liars = fleet.devices.filter(({ lies }) => lies).map(({ device }) => device)
  const ofRole = (role: 'edge' | 'detect'): string[] => platform.running().filter((name) => parts.machines[name]!.roles.includes(role))
  const found = async (): Promise<readonly { readonly device: string; readonly detector: string; readonly n: string }[]> =>
    queryRows(platform.deskData, 'SELECT device, detector, toString(count()) AS n FROM findings GROUP BY device, detector')
  const liarsFound = async (): Promise<ReadonlySet<string>> => {
    const there = new Set((await found()).map(({ device }) => device))
    return new Set(liars.filter((device) => there.has(device)))
  }

  return {
    platform,
    fleet,
    async command(word) {
      const { device } = fleet.devices[(taken.size * 37) % fleet.devices.length]!
      const answer = await ask<{ ok: boolean }>(platform.deskData, 'command', { device, payload: word })
      if (!answer.ok) return answer.problem
      if (!answer.value.ok) throw new Error(`${device} is not known to the desk`)
      taken.set(word, device)
      return null
    },
    liarsFound: async () => (await liarsFound()).size,
    async verdict(rounds) {
      await until('every liar is found', async () => (await liarsFound()).size === liars.length, drainMsMax)
      await fleet.drain(drainMsMax)
      const byDevice = new Map(fleet.devices.map((one) => [one.device, one]))
      const lost = (): string[] =>
        [...taken].filter(([word, device]) => !byDevice.get(device)!.commands.includes(word)).map(([word, device]) => `${word}: ${device}`)
      // What is lost is for the verdict to say.
      await until('every command is at its device', () => lost().length === 0, 60_000).catch(() => {})
      const judged = await judge(platform, fleet, { edges: ofRole('edge'), detects: ofRole('detect') })
      const there = await found()
      const honestFound: Record<string, number> = {}
      for (const { device, detector, n } of there)
        if (!liars.includes(device)) honestFound[detector] = (honestFound[detector] ?? 0) + Number(n)
      return {
        ...judged,
        seed,
        rounds,
        commands: {
          taken: taken.size,
          lost: lost(),
          repeats: fleet.devices.reduce((sum, { commands }) => sum + commands.length - new Set(commands).size, 0),
        },
        dropped: fleet.dropped(),
        liars: liars.length,
        liarsNotFound: liars.filter((device) => !there.some((one) => one.device === device)),
        honestFound,
        readingsPerSecond,
      }
    },
    async stop() {
      await fleet.stop()
      await platform.stop()
    },
  }
}

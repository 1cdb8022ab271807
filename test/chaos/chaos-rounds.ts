import { ask } from '../../app/control/client.ts'
import { enrolSimulated } from '../../app/simulated-credentials.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { startDistributed } from '../platform/distributed.ts'
import { queryRows } from '../platform/query-rows.ts'
import { until } from '../platform/until.ts'
import { planChaos, tellFault } from './chaos-plan.ts'
import { inject, untilSound } from './inject.ts'
import { judge, type Verdict } from './judge.ts'
import { fleetDevices, startRecordingFleet } from './recording-fleet.ts'

export interface ChaosReport extends Verdict {
  readonly seed: number
  readonly rounds: readonly string[]
  /** Commands that the desk took, those of them that no device got, and repeats of one at its device. */
  readonly commands: { readonly taken: number; readonly lost: readonly string[]; readonly repeats: number }
  /** Readings that devices had to let go because their memory was full. */
  readonly dropped: number
  /** Devices that lie, and those of them that nothing was found about; devices that do not, and something was. */
  readonly liars: number
  readonly liarsNotFound: readonly string[]
  readonly honestFound: Readonly<Record<string, number>>
  readonly readingsPerSecond: number
  readonly seconds: number
}

const edges = ['edge-a', 'edge-b']
const detects = ['detect-a', 'detect-b']
const guests = ['detect-c']
const recoveryMsMax = 120_000

/**
 * The whole distributed platform under load, and each round something dies, joins or leaves; then what was promised is held against what is
 * there. The seed decides what happens and when.
 */
export const runChaosRounds = async (options: {
  readonly seed: number
  readonly rounds: number
  readonly devices: number
  readonly readingsPerSecond: number
  readonly liarEvery: number
  readonly awayMsMax: number
  readonly tell?: (line: string) => void
}): Promise<ChaosReport> => {
  const { seed, rounds, devices: deviceCount, readingsPerSecond, liarEvery, tell = () => {} } = options
  const fromMs = performance.now()
  const seconds = (): number => Math.round((performance.now() - fromMs) / 1_000)
  const plan = planChaos({
    seed,
    rounds,
    machines: [...edges, ...detects, 'sink', 'desk'],
    guests,
    awayMsMax: options.awayMsMax,
  })
  const platform = await startDistributed({
    clickhouse: true,
    balancer: true,
    machines: {
      desk: { roles: ['desk'] },
      sink: { roles: ['sink'] },
      ...Object.fromEntries(detects.map((name) => [name, { roles: ['detect'] as const }])),
      ...Object.fromEntries(guests.map((name) => [name, { roles: ['detect'] as const, later: true }])),
      ...Object.fromEntries(edges.map((name) => [name, { roles: ['edge'] as const }])),
    },
    settings: { 'log-kafka-session-seconds': '6' },
  })
  let fleet: Awaited<ReturnType<typeof startRecordingFleet>> | null = null
  const told: string[] = []
  try {
    const enrolled = await enrolSimulated(platform.deskData, fleetDevices(deviceCount), () => {})
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const { mqttPort: port, serverName } = platform
    fleet = await startRecordingFleet({ credentials: enrolled.credentials, port, serverName, seed, readingsPerSecond, liarEvery })
    tell(`${deviceCount} devices are connected, ${seconds()} s`)
    const taken = new Map<string, string>()
    const sendCommand = async (word: string, device: string): Promise<void> => {
      const answer = await ask<{ ok: boolean }>(platform.deskData, 'command', { device, payload: word })
      if (answer.ok && answer.value.ok) taken.set(word, device)
    }

    for (const [number, { loadMs, faults }] of plan.entries()) {
      await systemScheduler.sleep(loadMs)
      const round = `${number + 1}: ${faults.map(tellFault).join(' + ')}`
      told.push(round)
      const before = fleet.acknowledged()
      const roundFromMs = performance.now()
      try {
        const commanded = fleet.devices[(number * 37) % deviceCount]!.device
        await Promise.all([...faults.map((fault) => inject(platform, fault)), sendCommand(`round ${number + 1}`, commanded)])
        await untilSound(platform, recoveryMsMax)
        await until('readings are acknowledged again', () => fleet!.acknowledged() > before + deviceCount, recoveryMsMax)
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}: ${(error as Error).message}`, { cause: error })
      }
      const { acknowledged, connected, waiting, longestSilenceMs } = fleet
      tell(
        `${round}: sound after ${((performance.now() - roundFromMs) / 1_000).toFixed(1)} s, ${acknowledged()} acknowledged, ${connected()} connected, ${waiting()} wait, ${Math.round(longestSilenceMs())} ms without a PUBACK at most`,
      )
    }
    // A liar is found out after 15 s of its lies.
    const liars = fleet.devices.filter((_, index) => index % liarEvery === 0).map(({ device }) => device)
    const found = async (): Promise<ReadonlySet<string>> =>
      new Set((await queryRows<{ device: string }>(platform.deskData, 'SELECT DISTINCT device FROM findings')).map(({ device }) => device))
    await until('every liar is found', async () => (await found()).size >= liars.length, recoveryMsMax)
    await fleet.drain(recoveryMsMax)
    const got = (word: string, device: string): boolean =>
      fleet!.devices.some((one) => one.device === device && one.commands.includes(word))
    await until('every command is at its device', () => [...taken].every(([word, device]) => got(word, device)), 60_000).catch(() => {})
    tell(`drained, ${seconds()} s`)

    const verdict = await judge(platform, fleet, { edges, detects: platform.running().filter((name) => name.startsWith('detect')) })
    const foundDevices = await found()
    const honest = await queryRows<{ detector: string; n: string }>(
      platform.deskData,
      `SELECT detector, toString(count()) AS n FROM findings WHERE device NOT IN (${liars.map((device) => `'${device}'`).join(', ')}) GROUP BY detector`,
    )
    return {
      ...verdict,
      seed,
      rounds: told,
      commands: {
        taken: taken.size,
        lost: [...taken].filter(([word, device]) => !got(word, device)).map(([word, device]) => `${word} for ${device}`),
        repeats: fleet.devices.reduce((sum, { commands }) => sum + commands.length - new Set(commands).size, 0),
      },
      dropped: fleet.dropped(),
      liars: liars.length,
      liarsNotFound: liars.filter((device) => !foundDevices.has(device)),
      honestFound: Object.fromEntries(honest.map(({ detector, n }) => [detector, Number(n)])),
      readingsPerSecond,
      seconds: seconds(),
    }
  } catch (error) {
    for (const name of platform.running()) tell(`${name} said:\n${platform.machine(name).output().slice(-3_000)}`)
    throw error
  } finally {
    await fleet?.stop()
    await platform.stop()
  }
}

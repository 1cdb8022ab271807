import { randomInt } from 'node:crypto'
import { silentLogger } from '../../contracts/logger.ts'
import { runCampaign } from '../../simulators/campaign.ts'
import { openGroundTruth } from '../../simulators/ground-truth.ts'
import { randomFor } from '../../simulators/prng.ts'
import { runFleet } from '../../simulators/run-fleet.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { openAcknowledgedFile } from '../acknowledged-file.ts'
import { ask } from '../control/client.ts'
import { type FleetFile, readFleetFile, writeFleetFile } from '../fleet-file.ts'
import { enrolSimulated } from '../simulated-credentials.ts'
import { attackersBelongings, planAttackedFleet, planQuietFleet, revokedName, type SimulatedFleet } from '../simulated-fleet.ts'
import { BadCall, type Call, type Command, durationMs, textFlag, wholeNumber } from './command.ts'
import { configOf, edgeNameFlag, settingsFlags } from './settings-flags.ts'
import { listenForStop } from './until-stopped.ts'

/** From the last device's start to the first attack: what is attacked must have been heard. */
const quietMs = 20_000
const campaignSpanMs = 60_000

const planOf = ({ seed, devices, attacks }: Omit<FleetFile, 'credentials'>, localBroker: boolean): SimulatedFleet => {
  try {
    if (!attacks) return planQuietFleet({ seed, devices })
    return planAttackedFleet({ seed, devices, startAtMs: quietMs, endByMs: quietMs + campaignSpanMs, chooseAddresses: localBroker })
  } catch (error) {
    if (error instanceof RangeError) throw new BadCall(`--devices ${devices}: ${error.message}`)
    throw error
  }
}

/** Enrols the fleet at the platform whose data directory is here; a sentence when that fails. */
const enrolHere = async (call: Call, data: string, localBroker: boolean): Promise<FleetFile | string> => {
  const plan = {
    seed: wholeNumber(call, 'seed', randomInt(1, 1_000_000), 0, 2 ** 31),
    devices: wholeNumber(call, 'devices', 200, 1, 100_000),
    attacks: call.flags['attacks'] === true,
  }
  const { campaign, newcomers } = planOf(plan, localBroker)
  const enrolled = await enrolSimulated(data, newcomers, (count) => process.stdout.write(`enrolled ${count} of ${newcomers.length}\n`))
  if (!enrolled.ok) return enrolled.problem
  if (campaign !== null) {
    const revoked = await ask(data, 'revoke', { device: revokedName, reason: 'sold' })
    if (!revoked.ok) return revoked.problem
  }
  return { ...plan, credentials: enrolled.credentials }
}

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'connects a seeded fleet of simulated devices to the running platform',
  usage: '',
  example: 'npx wardwatch simulate --devices 1000 --seed 7 --for 10m',
  flags: {
    ...settingsFlags,
    ...edgeNameFlag,
    devices: { value: 'N', help: 'how many (default 200, at most 100000)' },
    seed: { value: 'N', help: 'the same seed gives the same fleet and the same physiology (default: drawn, and told)' },
    for: { value: 'DURATION', help: 'stops by itself, e.g. 90s or 10m' },
    attacks: {
      help: 'attacks the fleet once in each way that the detectors know, 20 s after it was switched on; with --enrol-into that is written to FILE, and happens wherever --fleet FILE runs',
    },
    'enrol-into': { value: 'FILE', help: 'only enrols the fleet, and writes it with its keys to FILE, for --fleet on another machine' },
    fleet: { value: 'FILE', help: 'takes the fleet and its keys from FILE instead of enrolling one here' },
    acknowledged: { value: 'FILE', help: 'appends a line [device, time in ms] for each acknowledged reading' },
  },
  async run(call) {
    const config = configOf(call)
    const [into, from, acknowledgedPath] = ['enrol-into', 'fleet', 'acknowledged'].map((name) => textFlag(call, name))
    if (from !== undefined && ['devices', 'seed', 'attacks', 'enrol-into'].some((name) => call.flags[name] !== undefined))
      throw new BadCall('--fleet FILE says what the fleet is: --devices, --seed, --attacks and --enrol-into go without it')
    const forMs = durationMs(call, 'for')
    const localBroker = process.platform === 'linux' && config.mqtt.host.startsWith('127.')
    const known = from === undefined ? await enrolHere(call, config.data, localBroker) : readFleetFile(from)
    if (typeof known === 'string') {
      process.stderr.write(`wardwatch: ${known}\n`)
      return 1
    }
    if (into !== undefined) {
      writeFleetFile(into, known)
      process.stdout.write(`${into} holds ${known.credentials.size} devices (seed ${known.seed}) with their keys\n`)
      return 0
    }
    return runSimulated({
      known,
      planned: planOf(known, localBroker),
      host: config.mqtt.host,
      port: config.mqtt.port,
      serverName: config.mqtt.names[0]!,
      forMs,
      acknowledgedPath,
    })
  },
}

/** Answers the exit code: 1 when no device ever connected. */
const runSimulated = async (options: {
  readonly known: FleetFile
  readonly planned: SimulatedFleet
  readonly host: string
  readonly port: number
  /** What the edge's certificate has to carry. */
  readonly serverName: string
  readonly forMs: number | undefined
  readonly acknowledgedPath: string | undefined
}): Promise<number> => {
  const { known, planned, host, port, serverName, forMs, acknowledgedPath } = options
  const { fleet, campaign } = planned
  const stop = listenForStop()
  const network = { host, port, serverName, scheduler: systemScheduler, logger: silentLogger }
  const credentialsOf = (device: string) => known.credentials.get(device)!
  const acknowledgedFile = acknowledgedPath === undefined ? null : openAcknowledgedFile(acknowledgedPath)
  let failureTold = false
  const running = runFleet({
    ...network,
    fleet,
    credentials: async ({ device }) => credentialsOf(device),
    // They go on trying, and most often all for the same reason.
    onConnectFailed(device, { detail }) {
      if (failureTold) return
      failureTold = true
      process.stderr.write(`wardwatch: ${device} could not connect to ${host}:${port}: ${detail}\n`)
    },
    ...(acknowledgedFile === null
      ? {}
      : { onAcknowledged: (device, { leaf, payload }) => void (leaf === 'telemetry' && acknowledgedFile.record(device, payload)) }),
  })
  const total = fleet.devices.length
  const told = setInterval(() => {
    const { connected, published, acknowledged, queued } = running.stats()
    process.stdout.write(`connected ${connected} of ${total}, published ${published}, acknowledged ${acknowledged}, queued ${queued}\n`)
  }, 5_000)
  process.stdout.write(`seed ${known.seed}: ${total} devices connect to ${host}:${port}\n`)
  const over = new AbortController()
  if (campaign !== null)
    void running.started
      .then(() =>
        runCampaign(
          campaign,
          {
            ...network,
            random: randomFor(known.seed, 'attackers'),
            groundTruth: openGroundTruth(null),
            fleet,
            device: running.device,
            credentials: async ({ device }) => credentialsOf(device),
            ...attackersBelongings(credentialsOf, credentialsOf(revokedName).caPem!),
            signal: over.signal,
            onStarted: (_attack, _target, what) => process.stdout.write(`attack: ${what}\n`),
          },
          systemScheduler.now(),
        ),
      )
      .then(() => process.stdout.write('the campaign is over\n'))
  await stop.after(forMs)
  clearInterval(told)
  over.abort()
  await running.stop(2_000)
  await acknowledgedFile?.close()
  const { connects, published, acknowledged, dropped } = running.stats()
  process.stdout.write(`published ${published}, acknowledged ${acknowledged}, dropped ${dropped}\n`)
  if (connects > 0) return 0
  process.stderr.write(`wardwatch: no device ever connected to ${host}:${port}\n`)
  return 1
}

import { systemClock } from '../../contracts/clock.ts'
import type { Alert } from '../../contracts/alert.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { AttackContext } from '../../simulators/attacks/attack.ts'
import { runCampaign } from '../../simulators/campaign.ts'
import type { DeviceSpec } from '../../simulators/device-spec.ts'
import { openGroundTruth } from '../../simulators/ground-truth.ts'
import { randomFor } from '../../simulators/prng.ts'
import { runFleet } from '../../simulators/run-fleet.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { type AttackScore, type FalseAlert, scorecard, type Sighting } from '../../simulators/scorecard.ts'
import type { BoardView } from '../board/render.ts'
import type { Config } from '../config.ts'
import { ask } from '../control/client.ts'
import { buildConsole } from '../desk/build-console.ts'
import { consoleAddress, consoleLine } from '../desk/first-link.ts'
import { startPlatform } from '../platform.ts'
import { enrolSimulated } from '../simulated-credentials.ts'
import { attackersBelongings, planAttackedFleet, revokedName } from '../simulated-fleet.ts'
import { createBoardFigures } from './board-figures.ts'
import { watchAlerts } from './watch-alerts.ts'

/** What `--json` writes. */
export interface DemoFigures {
  readonly secondsToFirstTrueAlert: number | null
  readonly attacks: readonly AttackScore[]
  readonly falseAlerts: readonly (FalseAlert & { readonly why: string })[]
  readonly devices: number
  readonly seed: number
  readonly acknowledged: number
}

export interface RunningDemo {
  readonly view: () => BoardView
  /** Stops everything in order and scores the campaign. */
  stop(): Promise<DemoFigures>
}

export interface DemoOptions {
  readonly config: Config
  readonly masterKeyFromEnvironment: string | undefined
  readonly devices: number
  readonly seed: number
  /** When the command was given, ms: what the campaign's and the figures' seconds count from. */
  readonly startedAtMs: number
  readonly logger: Logger
  readonly logFile: string
  readonly onProgress: (step: string) => void
  readonly onAttack: (what: string) => void
  readonly onAlert: (alert: Alert) => void
}

const campaignStartMs = 15_000
const campaignSpanMs = 60_000
const addressEveryMs = 5_000

/** The platform, a fleet and a campaign in one: the platform in its own processes, the devices and the attackers in this one, over MQTT only. */
export const startDemo = async (
  options: DemoOptions,
): Promise<{ readonly ok: true; readonly running: RunningDemo } | { readonly ok: false; readonly problem: string }> => {
  const { config, seed, startedAtMs, logger, onProgress } = options
  await buildConsole(onProgress)
  const started = await startPlatform({
    config,
    masterKeyFromEnvironment: options.masterKeyFromEnvironment,
    logger,
    logFile: options.logFile,
    onProgress,
  })
  if (!started.ok) return started
  const { platform } = started
  const refuse = async (problem: string): Promise<{ readonly ok: false; readonly problem: string }> => {
    clearInterval(following)
    await platform.stop()
    return { ok: false, problem }
  }

  const { mqttPort, caPem } = platform
  if (mqttPort === null || caPem === null) return refuse('the demo needs an edge: leave roles as they are')

  let address = await consoleAddress(config.data)
  if (address !== null) onProgress(consoleLine(address, config.data))
  // The link has gone from the board once it was used.
  const following = setInterval(() => void consoleAddress(config.data).then((now) => (address = now ?? address)), addressEveryMs)

  const sightings: Sighting[] = []
  const whys = new Map<string, string>()
  const alerts = await watchAlerts(config.data, (alert) => {
    // An alert from an earlier run rolls on: what counts here is what was seen in this one.
    if (alert.lastSeen < startedAtMs) return
    sightings.push({ detector: alert.detector, device: alert.device, at: alert.lastSeen })
    whys.set(`${alert.detector}\n${alert.device}`, alert.why)
    options.onAlert(alert)
  })
  if (!alerts.ok) return refuse(alerts.problem)

  const { campaign, newcomers } = planAttackedFleet({
    seed,
    devices: options.devices,
    startAtMs: campaignStartMs,
    endByMs: campaignStartMs + campaignSpanMs,
    chooseAddresses: process.platform === 'linux' && config.mqtt.host.startsWith('127.'),
  })
  const enrolled = await enrolSimulated(config.data, newcomers, () => {})
  if (!enrolled.ok) return refuse(enrolled.problem)
  const revoked = await ask<{ ok: boolean }>(config.data, 'revoke', { device: revokedName, reason: 'sold' })
  if (!revoked.ok) return refuse(revoked.problem)
  onProgress(`${campaign.fleet.devices.length} devices are enrolled`)

  const network = { host: config.mqtt.host, port: mqttPort, serverName: config.mqtt.names[0]! }
  const credentials = async ({ device }: Pick<DeviceSpec, 'device'>) => enrolled.credentials.get(device)!
  const fleet = runFleet({ ...network, fleet: campaign.fleet, credentials, scheduler: systemScheduler, logger })
  void fleet.started.then(
    () => onProgress(`${campaign.fleet.devices.length} devices are switched on`),
    (error: unknown) => logger.error({ err: error }, 'the fleet could not be started'),
  )

  const over = new AbortController()
  const truth = openGroundTruth(null)
  const context: AttackContext = {
    ...network,
    scheduler: systemScheduler,
    random: randomFor(seed, 'attackers'),
    logger,
    groundTruth: truth,
    fleet: campaign.fleet,
    device: (id) => fleet.device(id),
    credentials,
    ...attackersBelongings((device) => enrolled.credentials.get(device)!, caPem),
    signal: over.signal,
    onStarted: (_attack, _target, what) => options.onAttack(what),
  }
  // The devices must have been heard before they are attacked: never earlier than planned, later on a slow machine.
  const attacks = fleet.started.then(() =>
    runCampaign(campaign, context, Math.max(startedAtMs, systemClock.now() - campaignStartMs + 5_000)),
  )
  attacks.catch((error: unknown) => logger.error({ err: error }, 'the campaign failed'))

  const figures = createBoardFigures(platform.status, systemClock.now)
  return {
    ok: true,
    running: {
      view: () => ({
        title: `Wardwatch demo: ${campaign.fleet.devices.length} devices over mTLS on ${network.host}:${network.port}`,
        uptimeMs: systemClock.now() - startedAtMs,
        ...figures(),
        alerts: alerts.current(),
        footer: [
          // Alone on its line: a link that is cut is none.
          address?.link ?? `console ${address?.url ?? platform.deskUrl}`,
          `metrics http://127.0.0.1:${platform.healthPort}/metrics   data ${config.data}   npx wardwatch query --data ${config.data} 'SELECT ..'`,
          'Ctrl-C stops it; everything is kept',
        ],
        nowMs: systemClock.now(),
      }),
      async stop() {
        over.abort()
        clearInterval(following)
        await attacks.catch(() => {})
        await fleet.stop(500)
        alerts.close()
        const { acknowledged } = fleet.stats()
        await platform.stop()
        const score = scorecard({ truth: truth.lines(), sightings, startedAtMs })
        return {
          secondsToFirstTrueAlert: score.secondsToFirstTrueAlert,
          attacks: score.attacks,
          falseAlerts: score.falseAlerts.map((alert) => ({ ...alert, why: whys.get(`${alert.detector}\n${alert.device}`) ?? '' })),
          devices: campaign.fleet.devices.length,
          seed,
          acknowledged,
        }
      },
    },
  }
}

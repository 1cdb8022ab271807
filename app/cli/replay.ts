import { silentLogger } from '../../contracts/logger.ts'
import { replayRecording } from '../../simulators/recording/replay-recording.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { enrolSimulated } from '../simulated-credentials.ts'
import { BadCall, type Call, type Command, textFlag } from './command.ts'
import { listenForStop } from './until-stopped.ts'
import { mapFlag, recordingOf } from './recording-of.ts'
import { configOf, edgeNameFlag, settingsFlags } from './settings-flags.ts'

export const replayCommand: Command = {
  name: 'replay',
  summary: 'plays a CSV of recordings as devices over MQTT to the running platform',
  usage: 'FILE --map MAP',
  example: 'npx wardwatch replay bidmc.csv.gz --map simulators/recording/mappings/bidmc-numerics.json --speed 10',
  flags: {
    ...settingsFlags,
    ...edgeNameFlag,
    ...mapFlag,
    speed: { value: 'TIMES', help: 'times real time; 0 is as fast as it is acknowledged (default 1)' },
    json: { help: 'the figures as one JSON line' },
  },
  positionalsMin: 1,
  async run(call) {
    const config = configOf(call)
    const stop = listenForStop()
    const speed = speedOf(call)
    const recording = await recordingOf(call)
    const say = (line: string): void => void (call.flags['json'] === true ? process.stderr : process.stdout).write(`${line}\n`)
    const { rows, messages, values, faults } = recording.stats
    say(
      `${rows} rows make ${messages} messages with ${values} values of ${recording.devices.length} devices${Object.entries(faults)
        .map(([reason, count]) => `, ${count} ${reason}`)
        .join('')}`,
    )
    const enrolled = await enrolSimulated(config.data, recording.devices, () => {})
    if (!enrolled.ok) {
      process.stderr.write(`wardwatch: ${enrolled.problem}\n`)
      return 1
    }
    const ended = new AbortController()
    void stop.asked.then(() => ended.abort())
    const figures = await replayRecording({
      recording,
      speed,
      host: config.mqtt.host,
      port: config.mqtt.port,
      serverName: config.mqtt.names[0]!,
      credentials: async ({ device }) => enrolled.credentials.get(device)!,
      scheduler: systemScheduler,
      logger: silentLogger,
      signal: ended.signal,
      onAcknowledged: (_device, acknowledged) =>
        acknowledged % 10_000 === 0 ? say(`acknowledged ${acknowledged} of ${messages}`) : undefined,
    })
    if (call.flags['json'] === true) process.stdout.write(`${JSON.stringify({ ...figures, ...recording.stats })}\n`)
    else say(`published ${figures.published}, acknowledged ${figures.acknowledged}, sent again ${figures.redelivered}`)
    return figures.acknowledged === messages ? 0 : 1
  },
}

const speedOf = (call: Call): number => {
  const text = textFlag(call, 'speed') ?? '1'
  const speed = Number(text)
  if (text === '' || !Number.isFinite(speed) || speed < 0) throw new BadCall(`--speed ${text}: a number from 0 is allowed`)
  return speed
}

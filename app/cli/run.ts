import { checkSettings } from './check-settings.ts'
import type { Command } from './command.ts'
import { createLogger } from '../logger.ts'
import { buildConsole } from '../desk/build-console.ts'
import { consoleAddress, consoleLine } from '../desk/first-link.ts'
import { startPlatform } from '../platform.ts'
import { configOf, settingsFlags } from './settings-flags.ts'
import { listenForStop } from './until-stopped.ts'

export const runCommand: Command = {
  name: 'run',
  summary: 'runs the platform until Ctrl-C, or with --roles a part of it',
  usage: '',
  example: 'npx wardwatch run --data /var/lib/wardwatch --mqtt-host 0.0.0.0 --mqtt-names broker.hospital.example,10.1.2.3',
  flags: settingsFlags,
  async run(call) {
    const config = configOf(call)
    await checkSettings(config)
    const stop = listenForStop()
    const logger = createLogger({ level: config.logLevel, name: 'supervisor' })
    const { roles } = config
    if (roles.includes('desk')) await buildConsole((step) => process.stdout.write(`${step}\n`))
    const started = await startPlatform({
      config,
      masterKeyFromEnvironment: process.env['WARDWATCH_KEY'],
      logger,
      logFile: null,
      onProgress: (step) => process.stdout.write(`${step}\n`),
      cancelled: stop.asked,
    })
    if (!started.ok) {
      process.stderr.write(`wardwatch: ${started.problem}\n`)
      return 1
    }
    const { platform } = started
    const here =
      platform.mqttPort === null
        ? `${roles.join(', ')} ${roles.length === 1 ? 'runs' : 'run'} here`
        : `devices connect to ${config.mqtt.host}:${platform.mqttPort} (MQTT over TLS 1.3)`
    const healthHost = config.metrics.host === '0.0.0.0' ? '127.0.0.1' : config.metrics.host
    process.stdout.write(
      `ready: ${here}; health on ${config.metrics.certificateFile === undefined ? 'http' : 'https'}://${healthHost}:${platform.healthPort}/readyz; Ctrl-C stops\n`,
    )
    const address = platform.deskUrl === null ? null : await consoleAddress(config.data)
    if (address !== null)
      process.stdout.write(`${consoleLine(config.desk.printLink ? address : { ...address, link: null }, config.data)}\n`)
    await stop.asked
    process.stdout.write('stopping\n')
    await platform.stop()
    return 0
  },
}

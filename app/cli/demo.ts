import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Alert } from '../../contracts/alert.ts'
import { alertLine } from '../board/render.ts'
import { openTerminalBoard } from '../board/terminal.ts'
import { createLogger } from '../logger.ts'
import { type DemoFigures, startDemo } from '../demo/start-demo.ts'
import { checkSettings } from './check-settings.ts'
import { type Command, durationMs, textFlag, wholeNumber } from './command.ts'
import { configOf, settingsFlags } from './settings-flags.ts'
import { listenForStop } from './until-stopped.ts'

const boardEveryMs = 500

export const demoCommand: Command = {
  name: 'demo',
  summary: 'runs the platform with a simulated fleet and an attack campaign, and shows what is found',
  usage: '',
  example: 'npx wardwatch demo --plain --for 90s --json demo.json',
  flags: {
    ...settingsFlags,
    devices: { value: 'N', help: 'how many simulated devices (default 200; at least 60)' },
    seed: { value: 'N', help: "the campaign's and the fleet's seed (default 1)" },
    plain: { help: 'plain lines instead of the board (so it is when the output is redirected)' },
    for: { value: 'DURATION', help: 'ends by itself, e.g. 90s; the attacks are over by then when it is 80s or more' },
    json: { value: 'FILE', help: 'writes secondsToFirstTrueAlert, attacks and falseAlerts there at the end' },
  },
  async run(call) {
    const startedAtMs = Date.now()
    // Away from a platform that may run with the usual settings: its data, its ports.
    const config = configOf(call, { data: 'wardwatch-demo', logLevel: 'warn' })
    await checkSettings(config)
    const stop = listenForStop()
    const forMs = durationMs(call, 'for')
    const board = process.stdout.isTTY && call.flags['plain'] !== true
    const say = (line: string): void => void process.stdout.write(`${line}\n`)
    const logFile = join(config.data, 'wardwatch.log')
    const seen = new Map<string, Alert>()
    const demo = await startDemo({
      config,
      masterKeyFromEnvironment: process.env['WARDWATCH_KEY'],
      devices: wholeNumber(call, 'devices', 200, 60, 20_000),
      seed: wholeNumber(call, 'seed', 1, 0, 2 ** 31),
      startedAtMs,
      logFile,
      logger: createLogger({ level: config.logLevel, name: 'demo', file: logFile }),
      onProgress: (step) => say(`${((Date.now() - startedAtMs) / 1_000).toFixed(1).padStart(5)} s  ${step}`),
      onAttack: (what) => (board ? undefined : say(`attack: ${what}`)),
      onAlert(alert) {
        const before = seen.get(alert.id)
        seen.set(alert.id, alert)
        if (!board && before === undefined) say(`alert: ${alertLine(alert)}`)
      },
    })
    if (!demo.ok) {
      process.stderr.write(`wardwatch: ${demo.problem}\n`)
      return 1
    }
    const { running } = demo
    const stopShowing = board ? showBoard(running.view) : sayFigures(running.view, say)
    await stop.after(forMs === undefined ? undefined : Math.max(0, startedAtMs + forMs - Date.now()))
    stopShowing()
    say('stopping')
    const figures = await running.stop()
    report(figures, textFlag(call, 'json'), say)
    return 0
  },
}

type View = Parameters<ReturnType<typeof openTerminalBoard>['show']>[0]

const showBoard = (view: () => View): (() => void) => {
  const screen = openTerminalBoard(process.stdout)
  screen.show(view())
  const timer = setInterval(() => screen.show(view()), boardEveryMs)
  return () => {
    clearInterval(timer)
    screen.close()
  }
}

const sayFigures = (view: () => View, say: (line: string) => void): (() => void) => {
  const timer = setInterval(() => {
    const { devices, readingsPerSecond, ackP99Ms, detectorLagRecords, rowsLanded } = view()
    say(
      `devices ${devices}, readings/s ${Math.round(readingsPerSecond)}, ack p99 ${ackP99Ms.toFixed(1)} ms, detector lag ${detectorLagRecords}, rows landed ${rowsLanded}`,
    )
  }, 10_000)
  return () => clearInterval(timer)
}

const report = (figures: DemoFigures, file: string | undefined, say: (line: string) => void): void => {
  for (const { attack, found, detector, delayMs } of figures.attacks)
    say(
      `${found ? 'found ' : 'MISSED'} ${attack.padEnd(24)} ${detector === null ? '' : `by ${detector} after ${((delayMs ?? 0) / 1_000).toFixed(1)} s`}`,
    )
  say(`first true alert after ${figures.secondsToFirstTrueAlert ?? '-'} s; false alerts: ${figures.falseAlerts.length}`)
  for (const { detector, device, why } of figures.falseAlerts) say(`  false: ${detector} on ${device}: ${why}`)
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)
}

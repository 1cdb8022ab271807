import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { DemoFigures } from '../app/demo/start-demo.ts'
import { attackIds } from '../simulators/ground-truth.ts'
import { freePort } from './platform/free-port.ts'
import { startPlatformProcess } from './platform/platform-process.ts'
import { queryRows } from './platform/query-rows.ts'
import { readStoppedPlatform } from './platform/stopped-platform.ts'

const folder = mkdtempSync(join(tmpdir(), 'ww-demo-'))
const data = join(folder, 'data')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the demo ends by itself with its ten attacks found and named', { timeout: 150_000 }, async () => {
  const file = join(folder, 'demo.json')
  const words = [
    'demo',
    '--data',
    data,
    '--plain',
    '--for',
    '90s',
    '--json',
    file,
    '--mqtt-port',
    String(await freePort()),
    '--metrics-port',
    '0',
    '--desk-port',
    '0',
  ]
  const demo = spawn(process.execPath, ['app/main.ts', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  demo.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  expect(await new Promise((resolve) => demo.once('exit', resolve)), said).toBe(0)
  const figures = JSON.parse(readFileSync(file, 'utf8')) as DemoFigures
  const ten = attackIds.filter((id) => id !== 'site-silence')
  expect(Object.fromEntries(figures.attacks.map(({ attack, detector }) => [attack, detector])), said).toEqual(
    Object.fromEntries(ten.map((id) => [id, id])),
  )
  expect(figures.falseAlerts.length, JSON.stringify(figures.falseAlerts)).toBeLessThanOrEqual(1)
  expect(figures.secondsToFirstTrueAlert).toBeLessThan(60)
})

it('what the demo found, a backtest of its log finds byte for byte, and the chain is whole', async () => {
  const stopped = await readStoppedPlatform(data)
  expect(stopped.findingsInLog.length).toBeGreaterThanOrEqual(10)
  expect(stopped.findingsBacktested).toEqual(stopped.findingsInLog)
  expect(stopped.chain).toMatchObject({ ok: true, events: stopped.findingsInLog.length })
})

it('a second start has all data there', async () => {
  const platform = await startPlatformProcess({ data, mqttPort: await freePort() })
  try {
    const [row] = await queryRows<{ readings: string; alerts: string }>(
      data,
      'SELECT toString(count()) AS readings, (SELECT toString(uniqExact(alert)) FROM cases) AS alerts FROM readings',
    )
    expect(Number(row!.readings)).toBeGreaterThan(1_000)
    expect(Number(row!.alerts)).toBeGreaterThanOrEqual(10)
  } finally {
    const { code, ms } = await platform.stop()
    expect(code).toBe(0)
    expect(ms).toBeLessThan(5_000)
  }
})

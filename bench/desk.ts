import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { benchDevice, deskScale, dice, type Filled, fillVersion } from './desk-scale.ts'
import type { DeskServerReady } from './desk-server.ts'

interface Quantiles {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly n: number
}

export interface DeskFigures {
  readonly alertListP95Ms: number
  readonly alertDetailP95Ms: number
  readonly searchP95Ms: number
  readonly stored: Filled['scale'] & DeskServerReady['held'] & { readonly megabytes: number; readonly fillSeconds: number | null }
  readonly byQuestion: Readonly<Record<string, Quantiles>>
  readonly restoreMs: number
  readonly historyReadyMs: number
  readonly serverRssMegabytes: number
}

const quantiles = (durations: readonly number[]): Quantiles => {
  const sorted = durations.toSorted((a, b) => a - b)
  const at = (level: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * level))] ?? 0) * 10) / 10
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1), n: sorted.length }
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const node = (...args: string[]) =>
  spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })

const fill = async (directory: string, readings: number): Promise<void> => {
  const code = await new Promise((resolve) => node(script('desk-fill.ts'), directory, String(readings)).on('exit', resolve))
  if (code !== 0) throw new Error(`the fill of ${directory} failed`)
}

const filledIn = (directory: string, readings: number): Filled | null => {
  const file = join(directory, 'filled.json')
  if (!existsSync(file)) return null
  const filled = JSON.parse(readFileSync(file, 'utf8')) as Filled
  return filled.version === fillVersion && filled.scale.readings === deskScale(readings).readings ? filled : null
}

type Ask = (path: string) => Promise<{ readonly ms: number; readonly body: Record<string, never> }>

/** One person's requests over one connection that stays open, each from its sending to its whole answer parsed. */
const asker = ({ port, token }: DeskServerReady): Ask => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  return (path) =>
    new Promise((resolve, reject) => {
      const begun = performance.now()
      request({ agent, host: '127.0.0.1', port, path: `/api/v1${path}`, headers: { authorization: `Bearer ${token}` } }, (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString('utf8')
          if (response.statusCode !== 200) return reject(new Error(`${path}: ${response.statusCode} ${text.slice(0, 500)}`))
          resolve({ body: JSON.parse(text), ms: performance.now() - begun })
        })
      })
        .on('error', reject)
        .end()
    })
}

const pick = <T>(of: readonly T[], name: string, i: number): T => of[Math.floor(dice(name, i) * of.length)]!

/** Lists of every tab, order and filter, each followed for three pages. */
const lists = (i: number, { devices }: Filled['scale']): string => {
  const device = benchDevice(Math.floor(dice('filter', i) * devices))
  const filter = pick(
    ['', '', '', '&severity=critical', '&severity=high,critical', `&site=${device.site}`, `&device=${device.device}`, '&detector=level-shift', '&pastDue=true'],
    'filters',
    i,
  ) // prettier-ignore
  return `/alerts?tab=${pick(['triage', 'mine', 'snoozed', 'closed', 'all'], 'tab', i)}&sort=${pick(['due', 'newest', 'score'], 'sort', i)}${filter}&limit=100`
}

const searches = (i: number, { devices }: Filled['scale']): string => {
  const device = benchDevice(Math.floor(dice('searched', i) * devices))
  const words = pick(
    [device.device, device.device.slice(0, 7), device.ward, `${device.model} ${device.site}`, 'heart', `hr ${device.ward}`, 'spraying 10.6', 'flood pump', 'nothing-like-this'],
    'words',
    i,
  ) // prettier-ignore
  return `/alerts?tab=${pick(['triage', 'all', 'closed'], 'searchTab', i)}&q=${encodeURIComponent(words)}&limit=100`
}

const measure = async (ask: Ask, ready: DeskServerReady, scale: Filled['scale']): Promise<Record<string, number[]>> => {
  const times: Record<string, number[]> = {}
  const note = (question: string, ms: number): void => void (times[question] ??= []).push(ms)

  for (let i = 0; i < 300; i++) {
    const path = lists(i, scale)
    let cursor: string | null = null
    for (let page = 0; page < 3 && (page === 0 || cursor !== null); page++) {
      const answered: Awaited<ReturnType<Ask>> = await ask(cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`)
      note('alertList', answered.ms)
      const { next, items } = answered.body as unknown as { next: string | null; items: { id: string }[] }
      cursor = next
      if (page > 0 || i % 5 !== 0 || items.length === 0) continue
      note('sparks', (await ask(`/alerts/sparks?ids=${items.slice(0, 60).map(({ id }) => id).join(',')}`)).ms) // prettier-ignore
    }
  }
  for (let i = 0; i < 300; i++) note('search', (await ask(searches(i, scale))).ms)
  for (let i = 0; i < 300; i++) {
    const device = benchDevice(Math.floor(dice('found', i) * scale.devices))
    const words = pick(
      [device.device, device.device.slice(0, 6), device.ward, device.model, 'heart rate', 'nothing-like-this'],
      'wanted',
      i,
    )
    note('search', (await ask(`/search?q=${encodeURIComponent(words)}`)).ms)
  }
  for (const { id, detector, device } of ready.alerts.slice(0, 400)) {
    // As the console does: both at once, and the page stands when both are there.
    const begun = performance.now()
    const [, signals] = await Promise.all([ask(`/alerts/${id}`), ask(`/alerts/${id}/signals`)])
    const ms = performance.now() - begun
    const [primary] = (signals.body as unknown as { signals: { values: (number | null)[] }[] }).signals
    if (primary === undefined) throw new Error(`${id} of ${detector} on ${device} has no signal`)
    note('alertDetail', ms)
    note(`detail of ${detector}`, ms)
    if (primary.values.every((value) => value === null)) note(`without a value: ${detector}`, ms)
  }
  for (const { id } of ready.alerts.slice(400, 500)) note('timeline', (await ask(`/alerts/${id}/timeline?limit=100`)).ms)
  const devices = ready.alerts.filter(({ device }) => !device.includes(':')).slice(0, 100)
  const now = Date.now()
  for (const { device } of devices) {
    note('device', (await ask(`/devices/${device}`)).ms)
    note('device vitals, a day', (await ask(`/devices/${device}/vitals?from=${now - 86_400_000}&to=${now}`)).ms)
    note('connections', (await ask(`/devices/${device}/connections?limit=100`)).ms)
  }
  return times
}

/** The desk's answers over HTTP with everything stored: 50 million readings, a million findings, 100,000 alerts. @param keep directory that is filled once and stays */
export const benchDesk = async ({
  readings = 50_000_000,
  keep,
  progress,
}: {
  readonly readings?: number
  readonly keep?: string | undefined
  readonly progress: (line: string) => void
}): Promise<DeskFigures> => {
  const directory = keep ?? mkdtempSync(join(tmpdir(), 'wardwatch-desk-'))
  try {
    const known = filledIn(directory, readings)
    if (known === null) await fill(directory, readings)
    const filled = filledIn(directory, readings)!
    progress(`the desk's directory holds ${filled.megabytes} MB`)
    const server = node(script('desk-server.ts'), directory)
    try {
      const ready = await new Promise<DeskServerReady>((resolve, reject) => {
        let text = ''
        server.stdout.on('data', (piece: Buffer) => {
          text += piece.toString('utf8')
          if (text.includes('\n')) resolve(JSON.parse(text.slice(0, text.indexOf('\n'))) as DeskServerReady)
        })
        server.on('exit', (code) => reject(new Error(`the desk's server ended with ${code}`)))
      })
      progress(`the desk is up: ${JSON.stringify({ ...ready, token: undefined, alerts: undefined })}`)
      const times = await measure(asker(ready), ready, filled.scale)
      const byQuestion = Object.fromEntries(Object.entries(times).map(([question, durations]) => [question, quantiles(durations)]))
      for (const [question, figures] of Object.entries(byQuestion)) progress(`${question.padEnd(36)} ${JSON.stringify(figures)}`)
      return {
        alertListP95Ms: byQuestion['alertList']!.p95Ms,
        alertDetailP95Ms: byQuestion['alertDetail']!.p95Ms,
        searchP95Ms: byQuestion['search']!.p95Ms,
        stored: { ...filled.scale, ...ready.held, megabytes: filled.megabytes, fillSeconds: filled.fillSeconds },
        byQuestion,
        restoreMs: ready.restoreMs,
        historyReadyMs: ready.historyReadyMs,
        serverRssMegabytes: ready.rssMegabytes,
      }
    } finally {
      server.removeAllListeners('exit')
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGTERM')
      await ended
    }
  } finally {
    if (keep === undefined) rmSync(directory, { recursive: true, force: true })
  }
}

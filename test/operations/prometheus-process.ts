import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../platform/free-port.ts'
import { until } from '../platform/until.ts'
import { rulesFile } from './alert-rules.ts'

/** Why there is no Prometheus to test with; null when there is. */
export const lackingPrometheus = (): string | null =>
  spawnSync('prometheus', ['--version']).error === undefined ? null : 'prometheus is not installed; Debian has it'

export interface PrometheusProcess {
  /** Of the HTTP API, `data` of a successful answer; throws with Prometheus's own words otherwise. */
  ask<T>(path: string, parameters?: Readonly<Record<string, string>>): Promise<T>
  stop(): Promise<void>
}

/** A real Prometheus with our rules, which scrapes the given ports of loopback each second as job `wardwatch`. */
export const startPrometheus = async (healthPorts: readonly number[]): Promise<PrometheusProcess> => {
  const directory = mkdtempSync(join(tmpdir(), 'ww-prometheus-'))
  const file = join(directory, 'prometheus.yml')
  const targets = healthPorts.map((port) => `127.0.0.1:${port}`)
  writeFileSync(
    file,
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [resolve(rulesFile)],
      scrape_configs: [{ job_name: 'wardwatch', static_configs: [{ targets }] }],
    }),
  )
  const port = await freePort()
  const words = [`--config.file=${file}`, `--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]
  const child: ChildProcess = spawn('prometheus', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr!.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-4_000)))
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    rmSync(directory, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await until('Prometheus is ready', async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended: ${errors}`)
      return fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async ask<T>(path: string, parameters: Readonly<Record<string, string>> = {}) {
      const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
      const said = (await answer.json()) as { status: string; error?: string; data: T }
      if (said.status !== 'success') throw new Error(`${path} ${parameters['query'] ?? ''}: ${said.error}`)
      return said.data
    },
    stop,
  }
}

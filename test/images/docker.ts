import { execFile, spawn, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What `docker` answers. Rejects with its own words. */
export const docker = async (...words: readonly string[]): Promise<string> =>
  (await run('docker', words, { maxBuffer: 64 * 1_048_576 })).stdout.trim()

const dockerRuns = (): boolean => spawnSync('docker', ['info', '--format', '{{.ServerVersion}}']).status === 0

/** The label's value; null when there is no such image, '' when it has no such label. */
export const labelOf = (image: string, label: string): string | null => {
  const asked = spawnSync('docker', ['image', 'inspect', '--format', `{{with .Config.Labels}}{{index . "${label}"}}{{end}}`, image], {
    encoding: 'utf8',
  })
  return asked.status === 0 ? asked.stdout.trim() : null
}

/** A long step, with what it says passed on when it fails. */
export const step = (command: string, words: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-8_000)))
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${words.join(' ')} ended with ${code}:\n${said}`))))
  })

/** Why containers of an image can't be had here without a pull; null when they can. */
export const dockerLack = (image: string): string | null => {
  if (!dockerRuns()) return 'Docker does not run'
  return labelOf(image, '') === null ? `Docker has no image ${image} (node test/images/ready.ts)` : null
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../platform/free-port.ts'

const program = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/opt/homebrew/sbin/mosquitto'].find((path) => existsSync(path))

/** Why there can be no mosquitto here; null when there can. */
export const lackingMosquitto = (): string | null => (program === undefined ? 'mosquitto is not installed' : null)

export interface Mosquitto {
  readonly url: string
  /** Subscriptions that it granted since it started. */
  subscribes(): number
  /** SIGTERM, and the same again on the same port: what it promised is in its file. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A broker of its own on a free port, which keeps its sessions over a restart and drops nothing that waits. */
export const startMosquitto = async (): Promise<Mosquitto> => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-mosquitto-'))
  const port = await freePort()
  const file = join(directory, 'mosquitto.conf')
  // By default a session that is away holds 1,000 messages and drops the rest, acknowledged as they are (docs/edges.md).
  const lines = ['user root', 'allow_anonymous true', `listener ${port} 127.0.0.1`, 'max_queued_messages 0', 'max_inflight_messages 100']
  writeFileSync(file, [...lines, 'persistence true', `persistence_location ${directory}/`, ''].join('\n'))
  let child: ChildProcess
  let granted = 0
  const start = async (): Promise<void> => {
    const started = spawn(program!, ['-v', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    child = started
    granted = 0
    await new Promise<void>((resolve, reject) => {
      started.once('exit', (code) => reject(new Error(`mosquitto ended with ${code}`)))
      createInterface({ input: started.stderr }).on('line', (line) => {
        if (line.includes('Sending SUBACK')) granted++
        if (line.includes('running')) resolve()
      })
    })
  }
  const end = async (): Promise<void> => {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)
  await start()
  return {
    subscribes: () => granted,
    url: `mqtt://127.0.0.1:${port}`,
    async restart() {
      await end()
      await start()
    },
    async stop() {
      process.removeListener('exit', atExit)
      await end()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

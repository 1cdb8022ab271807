import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DeskClient, signInBy } from '../platform/desk-client.ts'
import { freePort } from '../platform/free-port.ts'
import { docker } from '../images/docker.ts'
import { composeFile } from '../images/image-names.ts'
import { readyImages } from '../images/stand-ins.ts'
import { type Compose, createCompose } from './compose-project.ts'
import { trustingFetch } from './trusting-fetch.ts'

export interface RunningCompose extends Compose {
  readonly services: readonly string[]
  /** Those that had to be left out, with the reason. */
  readonly leftOut: readonly string[]
  readonly caPem: string
  up(): Promise<void>
  /** Somebody who is signed in at the desk as its admin, over TLS. */
  signIn(): Promise<DeskClient>
  /** Rows of `wardwatch query` in the desk's container. */
  query<Row>(sql: string): Promise<Row[]>
  /** A file out of a container, running or not. */
  fileOf(service: string, path: string): Promise<string>
  /** `down --volumes`, whatever state it is in. */
  remove(): Promise<void>
}

/** Readies the images, builds ours, and starts docker-compose.yml as it stands; what has no image here is left out by name. */
export const startCompose = async (say: (line: string) => void): Promise<RunningCompose> => {
  const { standIns, missing } = await readyImages(say)
  if (standIns.length > 0) say(`STAND-INS, not the real images: ${standIns.join(', ')}`)
  const deskPort = await freePort()
  const compose = createCompose(`wardwatch-test-${process.pid}`, {
    WARDWATCH_MQTT_PUBLISH: `127.0.0.1:${await freePort()}`,
    WARDWATCH_DESK_PUBLISH: `127.0.0.1:${deskPort}`,
    WARDWATCH_EDGES_NETWORK: `10.213.${Math.floor(process.pid % 200)}.0/28`,
  })
  const all = Object.entries(composeFile().services)
  const leftOut = all.filter(([, { image }]) => missing.includes(image)).map(([name]) => name)
  for (const name of leftOut) say(`${name} is LEFT OUT: its image can't be had here`)
  const services = all.map(([name]) => name).filter((name) => !leftOut.includes(name))
  const fileOf: RunningCompose['fileOf'] = async (service, path) => {
    const folder = mkdtempSync(join(tmpdir(), 'wardwatch-copied-'))
    try {
      await docker('cp', `${await compose.idOf(service)}:${path}`, join(folder, 'file'))
      return readFileSync(join(folder, 'file'), 'utf8')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  const remove = async (): Promise<void> => void (await compose.call('down', '--volumes', '--timeout', '20', '--remove-orphans'))
  const up = async (): Promise<void> => void (await compose.call('up', '--detach', '--no-build', ...services))
  let caPem: string
  try {
    await compose.call('build', 'setup')
    await up()
    caPem = await fileOf('haproxy', '/secrets/ca.crt')
  } catch (error) {
    const logs = await compose.call('logs', '--tail', '15').catch(String)
    await remove().catch(() => {})
    throw new Error(`docker-compose.yml did not come up:\n${logs.slice(-20_000)}`, { cause: error })
  }
  return {
    ...compose,
    services,
    leftOut,
    caPem,
    up,
    fileOf,
    remove,
    async signIn() {
      const printed = await compose.exec('desk', 'wardwatch', 'account', 'link', 'admin')
      const [, code] = /https:\/\/localhost:8480\/sign-in#code=(\S+)/.exec(printed) ?? []
      if (code === undefined) throw new Error(`no link in: ${printed}`)
      return signInBy(`https://localhost:${deskPort}/sign-in#code=${code}`, trustingFetch(caPem))
    },
    async query(sql) {
      const printed = await compose.exec('desk', 'wardwatch', 'query', sql, '--format', 'json', '--rows', '1000000')
      return printed
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as never)
    },
  }
}

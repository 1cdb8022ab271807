import { randomBytes } from 'node:crypto'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { storeSettings } from '../../store/open.ts'
import { openServerStore, type ServerStore } from '../../store/server/open-server-store.ts'
import type { ServerSettings } from '../../store/server/settings.ts'
import { type StandIn, startStandIn } from './start-stand-in.ts'

/** A server to test with: the one of `CLICKHOUSE_URL` (user and password in it), else a stand-in of our own, as a process. */
export interface TestServer {
  readonly settings: ServerSettings
  /** Null with a real server: nobody kills that. */
  readonly standIn: StandIn | null
  stop(): Promise<void>
}

export const settingsFor = (url: string, password: string, over: Partial<ServerSettings> = {}): ServerSettings => ({
  url,
  user: 'default',
  password,
  caPem: null,
  database: `test_${randomBytes(6).toString('hex')}`,
  compression: 'zstd',
  connectionsMax: 4,
  timeoutMs: 30_000,
  cluster: null,
  replicated: false,
  ...over,
})

export const testServer = async (directory: string): Promise<TestServer> => {
  const given = process.env['CLICKHOUSE_URL']
  if (given !== undefined) {
    const url = new URL(given)
    const user = url.username === '' ? 'default' : url.username
    const password = decodeURIComponent(url.password)
    url.username = url.password = ''
    return { settings: settingsFor(url.href, password, { user }), standIn: null, stop: () => Promise.resolve() }
  }
  const standIn = await startStandIn({ directory })
  return { settings: settingsFor(standIn.url, standIn.password), standIn, stop: standIn.stop }
}

export const openedServerStore = async ({ settings }: TestServer, over: Partial<ServerSettings> = {}): Promise<ServerStore> => {
  const store = openServerStore({
    server: { ...settings, ...over },
    settings: storeSettings.parse({}),
    logger: silentLogger,
    clock: systemClock,
    holder: `test-${randomBytes(4).toString('hex')}`,
    migrates: true,
  })
  await store.ready
  return store
}

// The desk as the hub runs it, on what `desk-fill.ts` left: `desk-server.ts DIRECTORY`. Prints one line of JSON with its port, a token and samples; ends on SIGTERM.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../contracts/logger.ts'
import type { DeviceRecord } from '../contracts/registry.ts'
import { createApi } from '../dashboards/api/create-api.ts'
import { createFakeParts } from '../dashboards/testing/fake-parts.ts'
import { createDirectory } from '../registry/fold.ts'
import { createDeskHistory } from '../store/desk/desk-history.ts'
import { openStore, storeSettings } from '../store/open.ts'
import { openLmdbLog } from '../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../stream/seal.ts'
import { startTriage } from '../triage/start-triage.ts'
import { benchDevice, benchKey, dice, type Filled } from './desk-scale.ts'

export interface DeskServerReady {
  readonly port: number
  readonly token: string
  /** Alerts drawn by lot from all, open and closed. */
  readonly alerts: readonly { readonly id: string; readonly detector: string; readonly device: string }[]
  readonly held: { readonly alerts: number; readonly open: number; readonly events: number }
  readonly restoreMs: number
  readonly historyReadyMs: number
  readonly rssMegabytes: number
}

const directory = process.argv[2]!
const filled = JSON.parse(readFileSync(join(directory, 'filled.json'), 'utf8')) as Filled
// The platform's clock goes on from where the fill ended, however long ago that was: what was stored is as fresh as it was then.
const behindMs = Date.now() - filled.nowMs
const clock = { now: () => Date.now() - behindMs }

const opened = await openStore({
  directory: join(directory, 'store'), key: benchKey, settings: storeSettings.parse({}), logger: silentLogger, clock,
}) // prettier-ignore
if (!opened.ok) throw new Error(opened.detail)
const registry = createDirectory()
for (let i = 0; i < filled.scale.devices; i++) {
  const { device, site, ward, model } = benchDevice(i)
  const record: DeviceRecord = {
    device, site, ward, model, firmware: null, status: 'enrolled', fingerprints: [], passwordHash: null, enrolledAt: 1, revokedAt: null, revokedReason: null,
  } // prettier-ignore
  registry.apply({ type: 'enrolled', at: 1, record })
}
const log = await openLmdbLog({
  directory: join(directory, 'log'),
  sealer: createSealer(benchKey, 'log'),
  clock,
  mode: 'owner',
  retentionMs: 1e13,
})
const restoring = performance.now()
// Clocks that run out are not looked at: a bench that is run again finds what it filled.
const triage = await startTriage({
  log, clock: { now: () => filled.nowMs }, logger: silentLogger, lookMs: 1e9,
  describe: (device) => {
    const known = registry.device(device)
    return known === undefined ? null : { ward: known.ward, model: known.model }
  },
}) // prettier-ignore
const restoreMs = performance.now() - restoring
const opening = performance.now()
const history = createDeskHistory({ store: opened.store, clock, logger: silentLogger, behindMs: () => null })
await history.ready
const historyReadyMs = performance.now() - opening

const fake = await createFakeParts({ clock: { now: () => Date.now() }, consoleDirectory: directory })
const api = await createApi({
  ...fake, desk: triage, history, directory: registry, clock, logger: silentLogger,
  limits: { requestsPerSecondMax: 100_000, requestsBurstMax: 100_000 },
}) // prettier-ignore
const made = await fake.accounts.people.create('wardwatch', { account: 'rosa', displayName: 'Rosa Klein', role: 'analyst' })
if (!made.ok) throw new Error(made.detail)
const token = await fake.accounts.tokens.create('rosa', { name: 'bench', scope: 'read', expiresInDays: 1 })
if (!token.ok) throw new Error(token.detail)
const port = await api.listen({ host: '127.0.0.1', port: 0 })

const all = triage.newest(1_000_000)
const sample = Array.from({ length: Math.min(600, all.length) }, (_, i) => all[Math.floor(dice('sample', i) * all.length)]!)
const ready: DeskServerReady = {
  port,
  token: token.secret,
  alerts: sample.map(({ id, detector, device }) => ({ id, detector, device })),
  held: { alerts: triage.size, open: triage.stats()['open']!, events: triage.sequence },
  restoreMs: Math.round(restoreMs),
  historyReadyMs: Math.round(historyReadyMs),
  rssMegabytes: Math.round(process.memoryUsage().rss / 1e6),
}
process.stdout.write(`${JSON.stringify(ready)}\n`)
process.on('SIGTERM', () => process.exit(0))

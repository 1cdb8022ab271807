import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { openStore, type Store, storeSettings } from '../../store/open.ts'
import { openServerStore } from '../../store/server/open-server-store.ts'
import { RoleRefused } from './channel.ts'
import type { StoreOptions } from './options.ts'

const inUseRetryMs = 100
const inUseTries = 50

export interface RoleStore {
  readonly store: Store
  /** When the tables are there. The embedded engine has them once it is open; a server may be away for as long as it likes. */
  readonly storeReady: Promise<void>
  /** How long another node's insert may still be on its way, ms: `sinkSettings.settleMs`. */
  readonly settleMs: number
}

/** The store of a role, embedded or on a server. @throws RoleRefused with the reason when trying again can't help */
export const openRoleStore = async (options: StoreOptions, logger: Logger): Promise<RoleStore> => {
  const common = { settings: storeSettings.parse({ retention: options.retention }), logger, clock: systemClock }
  if (options.kind === 'server') {
    const { server, migrates } = options
    const store = openServerStore({ server, migrates, holder: randomUUID(), ...common })
    return { store, storeReady: store.ready, settleMs: server.timeoutMs }
  }
  const directory = join(options.data, 'clickhouse')
  const key = options.key === null ? null : Buffer.from(options.key, 'hex')
  const open = () => openStore({ directory, key, ...common })
  let opened = await open()
  // A role that was killed a moment ago may still be leaving.
  for (let tries = 0; !opened.ok && opened.reason === 'in-use' && tries < inUseTries; tries++) {
    await new Promise((resolve) => setTimeout(resolve, inUseRetryMs))
    opened = await open()
  }
  if (!opened.ok) throw new RoleRefused(`ClickHouse's data in ${directory}: ${opened.detail}`)
  return { store: opened.store, storeReady: Promise.resolve(), settleMs: 0 }
}

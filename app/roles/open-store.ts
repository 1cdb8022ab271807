import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { openStore, type Store, storeSettings } from '../../store/open.ts'
import { RoleRefused } from './channel.ts'
import type { StoreOptions } from './options.ts'

const inUseRetryMs = 100
const inUseTries = 50

/** The embedded ClickHouse of a data directory, migrated and ready. @throws RoleRefused with the reason when it can't be opened */
export const openStoreOf = async ({ data, key, retention }: StoreOptions, logger: Logger): Promise<Store> => {
  const directory = join(data, 'clickhouse')
  const open = () =>
    openStore({
      directory,
      key: key === null ? null : Buffer.from(key, 'hex'),
      settings: storeSettings.parse({ retention }),
      logger,
      clock: systemClock,
    })
  let opened = await open()
  // A process that was killed a moment ago may still be leaving.
  for (let tries = 0; !opened.ok && opened.reason === 'in-use' && tries < inUseTries; tries++) {
    await new Promise((resolve) => setTimeout(resolve, inUseRetryMs))
    opened = await open()
  }
  if (!opened.ok) throw new RoleRefused(`ClickHouse's data in ${directory}: ${opened.detail}`)
  return opened.store
}

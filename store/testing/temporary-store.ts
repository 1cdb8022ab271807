import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { openStore, type Store, type StoreOpened, storeSettings } from '../open.ts'

export const testKey = Buffer.alloc(32, 5)

export const temporaryDirectory = (): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'wardwatch-store-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export const tryStore = (directory: string, key: Buffer | null = testKey, settings: object = {}): Promise<StoreOpened> =>
  openStore({ directory, key, settings: storeSettings.parse(settings), logger: silentLogger, clock: systemClock })

/** Opens a store that must open. */
export const openedStore = async (directory: string, key: Buffer | null = testKey, settings: object = {}): Promise<Store> => {
  const opened = await tryStore(directory, key, settings)
  if (!opened.ok) throw new Error(`${opened.reason}: ${opened.detail}`)
  return opened.store
}

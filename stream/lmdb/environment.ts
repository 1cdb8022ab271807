import { mkdirSync } from 'node:fs'
import { open, type RootDatabase } from 'lmdb'
import { LogUnavailable } from '../../contracts/event-log.ts'

/** An lmdb environment with one database: binary keys to binary values, each value with a number (its version) in the clear. */
export type Environment = RootDatabase<Buffer, Buffer>

/**
 * Opens (and creates) an environment.
 *
 * `overlappingSync: false` is the point: a commit is then visible to anybody, in any process, only after its pages *and* the
 * meta page that names them are on disk, so nothing that a reader has seen can be gone after a power cut, and a commit's promise
 * means durable. (lmdb-js's default shows a commit first and flushes it after.) The flush runs on a thread of the pool.
 * The map is reserved once, large: growing it later means mapping it anew in each process. It takes address space, not memory.
 */
export const openEnvironment = (directory: string): Environment => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return open<Buffer, Buffer>({
    path: directory,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    useVersions: true,
    overlappingSync: false,
    maxDbs: 1,
    maxReaders: 126,
    mapSize: mapBytes,
  })
}

const mapBytes = 64 * 1024 ** 3

const diskFullCodes: ReadonlySet<unknown> = new Set([28, 122, -30792, 'ENOSPC', 'EDQUOT', 'MDB_MAP_FULL'])

/**
 * What lmdb-js's rejection means. It rejects a write with a general error and tells the reason in another promise, which nobody
 * else looks at: left alone it would end the process as an unhandled rejection.
 */
export const asUnavailable = async (error: unknown, what: string): Promise<LogUnavailable> => {
  if (error instanceof LogUnavailable) return error
  let reason: unknown = error
  if (error instanceof Error && 'commitError' in error) {
    try {
      await error.commitError
    } catch (commitError) {
      reason = commitError
    }
  }
  const code: unknown = reason instanceof Error && 'code' in reason ? reason.code : undefined
  const text = reason instanceof Error ? reason.message : String(reason)
  if (diskFullCodes.has(code) || /no space left|MAP_FULL|quota exceeded/i.test(text))
    return new LogUnavailable('disk-full', `${what}: the disk is full, nothing of this was written; free some space and it goes on (${text})`, {
      cause: reason,
    })
  return new LogUnavailable('io', `${what}: the disk refused, nothing of this was written (${text})`, { cause: reason })
}

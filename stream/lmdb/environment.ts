import { mkdirSync, statfsSync } from 'node:fs'
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
    // Writes are batched above this, and with it a failed commit rejects a promise inside of lmdb-js that nobody can catch.
    eventTurnBatching: false,
    maxDbs: 1,
    maxReaders: 126,
    mapSize: mapBytes,
  })
}

const mapBytes = 64 * 1024 ** 3

const diskFullCodes: ReadonlySet<unknown> = new Set([28, 122, -30792, 'ENOSPC', 'EDQUOT', 'MDB_MAP_FULL'])
/** lmdb tells a write that ended early, as the last one before a disk is full does, as EIO. */
const ioErrorCodes: ReadonlySet<unknown> = new Set([5, 'EIO'])
/** With less than this left a disk counts as full, bytes: a commit needs some pages besides what it writes. */
const diskSlackBytes = 1_048_576

const hasRoom = (directory: string, neededBytes: number): boolean => {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize > neededBytes + diskSlackBytes
  } catch {
    return true
  }
}

interface Attempt {
  readonly what: string
  readonly directory: string
  /** What was to be written. */
  readonly bytes: number
}

/** What an error of lmdb means for who wanted something written. */
export const asUnavailable = (error: unknown, { what, directory, bytes }: Attempt): LogUnavailable => {
  if (error instanceof LogUnavailable) return error
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  const text = error instanceof Error ? error.message : String(error)
  const full =
    diskFullCodes.has(code) || /no space left|MAP_FULL|quota exceeded/i.test(text) || (ioErrorCodes.has(code) && !hasRoom(directory, bytes))
  return full
    ? new LogUnavailable('disk-full', `${what}: the disk is full, nothing of this was written; free some space and it goes on (${text})`, {
        cause: error,
      })
    : new LogUnavailable('io', `${what}: the disk refused, nothing of this was written (${text})`, { cause: error })
}

/**
 * The same for a rejected commit. lmdb-js rejects it with a general error and tells the reason in another promise, which nobody
 * else looks at: left alone it would end the process as an unhandled rejection.
 */
export const commitUnavailable = async (error: unknown, attempt: Attempt): Promise<LogUnavailable> => {
  let reason: unknown = error
  if (error instanceof Error && 'commitError' in error) {
    try {
      await error.commitError
    } catch (commitError) {
      reason = commitError
    }
  }
  return asUnavailable(reason, attempt)
}

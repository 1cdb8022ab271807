import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts'

const identity = z.object({ pid: z.int().positive(), startTicks: z.number().nullable() })
const lockFile = identity.extend({ children: z.array(identity) })
type LockFile = z.infer<typeof lockFile>

export interface HeldLock {
  /** What the dead owner left in the lock that was taken over; empty when it was free. */
  readonly inherited: readonly ProcessIdentity[]
  /** Writes the list that a next owner would inherit. Throws where nothing can be written; the lock stays as it was. */
  record(children: readonly ProcessIdentity[]): void
  release(): void
}

/** Why a lock could not be had: a living owner, or a file that is not a lock. */
export type LockRefusal = { readonly heldBy: ProcessIdentity } | { readonly unreadable: string }

const isErrno = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code

const readLock = (path: string): LockFile | 'absent' | 'unreadable' => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'absent'
    throw error
  }
  try {
    return lockFile.parse(JSON.parse(text))
  } catch {
    return 'unreadable'
  }
}

/** Whether a living process holds the lock now. */
export const lockIsHeld = (path: string): boolean => {
  const lock = readLock(path)
  return lock === 'unreadable' || (lock !== 'absent' && isAlive(lock))
}

/** Gives a complete file a name, unless that name is taken. */
const linkNew = (from: string, to: string): boolean => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}

const same = (a: ProcessIdentity, b: ProcessIdentity): boolean => a.pid === b.pid && a.startTicks === b.startTicks

/**
 * Takes a lock file {pid, startTicks, children} for this process; never waits. The lock of a dead owner is taken over.
 *
 * Two starters can't both win. A lock comes to be by `link`, complete or not at all. Only the *heir* of a dead owner replaces
 * its lock, by `rename`, so that there is always one; heir is who first links `<path>.heir-of-<pid>-<start>`. An heir that died
 * before it took over has an heir in its turn.
 */
export const takeProcessLock = (path: string): HeldLock | LockRefusal => {
  const me = identityOf(process.pid)
  const heirPath = (dead: ProcessIdentity): string => `${path}.heir-of-${dead.pid}-${dead.startTicks}`
  const writeBeside = (children: readonly ProcessIdentity[]): string => {
    const beside = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
    try {
      writeFileSync(beside, `${JSON.stringify({ ...me, children: [...children] })}\n`, { mode: 0o600 })
    } catch (error) {
      // A full disk has a name for it, and nothing in it.
      rmSync(beside, { force: true })
      throw error
    }
    return beside
  }

  /** Becomes the heir of `dead`, and replaces its lock. 'again' when things changed meanwhile. */
  const inherit = (dead: LockFile, beside: string): 'done' | 'again' | LockRefusal => {
    const deadHeirs: string[] = []
    let predecessor: ProcessIdentity = dead
    while (!linkNew(beside, heirPath(predecessor))) {
      const heir = readLock(heirPath(predecessor))
      if (heir === 'absent') return 'again'
      if (heir === 'unreadable') return { unreadable: heirPath(predecessor) }
      if (isAlive(heir)) return { heldBy: heir }
      deadHeirs.push(heirPath(predecessor))
      predecessor = heir
    }
    const mine = heirPath(predecessor)
    const now = readLock(path)
    // From here on nobody but this process may replace the dead owner's lock, if it is still that.
    const still = typeof now === 'object' && same(now, dead)
    try {
      if (still) renameSync(writeBeside(dead.children), path)
    } catch (error) {
      rmSync(mine, { force: true })
      throw error
    }
    for (const file of still ? [...deadHeirs, mine] : [mine]) rmSync(file, { force: true })
    return still ? 'done' : 'again'
  }

  let inherited: readonly ProcessIdentity[] = []
  const beside = writeBeside([])
  try {
    while (!linkNew(beside, path)) {
      const lock = readLock(path)
      if (lock === 'absent') continue
      if (lock === 'unreadable') return { unreadable: path }
      if (isAlive(lock)) return { heldBy: lock }
      const outcome = inherit(lock, beside)
      if (typeof outcome === 'object') return outcome
      if (outcome === 'again') continue
      inherited = lock.children
      break
    }
  } finally {
    rmSync(beside, { force: true })
  }

  let released = false
  return {
    inherited,
    record(children) {
      if (!released) renameSync(writeBeside(children), path)
    },
    release() {
      if (!released) rmSync(path, { force: true })
      released = true
    },
  }
}

import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts'

const identity = z.object({ pid: z.int().positive(), startTicks: z.number().nullable() })
const lockFile = identity.extend({ children: z.array(identity) })
type LockFile = z.infer<typeof lockFile>

/** A held data directory. */
export interface Claim {
  /** Processes that the owner started and that write to the directory: if the owner dies without them, the next owner ends them. */
  recordChild(pid: number): void
  forgetChild(pid: number): void
  /** Gives the directory up. Idempotent. */
  release(): void
}

export interface ClaimRefused {
  readonly refused: string
}

/** How long a killed child of a dead owner may take to go, ms: one that waits for the disk takes its time. */
const killWaitMsMax = 10_000
const killPollMs = 5

const readLock = (path: string): LockFile | 'absent' | 'unreadable' => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'absent'
    throw error
  }
  try {
    return lockFile.parse(JSON.parse(text))
  } catch {
    return 'unreadable'
  }
}

/** Ends a process of the dead owner and waits until it is gone. Answers whether it is. */
const endOrphan = async (child: ProcessIdentity): Promise<boolean> => {
  // Without a start time (no /proc) the number may be anybody's by now: it is left alone.
  if (child.startTicks === null || !isAlive(child)) return true
  try {
    process.kill(child.pid, 'SIGKILL')
  } catch {
    return !isAlive(child)
  }
  for (let waitedMs = 0; waitedMs < killWaitMsMax && isAlive(child); waitedMs += killPollMs)
    await new Promise((resolve) => setTimeout(resolve, killPollMs))
  return !isAlive(child)
}

/** Gives a complete file a name, unless that name is taken. */
const linkNew = (from: string, to: string): boolean => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

const same = (a: ProcessIdentity, b: ProcessIdentity): boolean => a.pid === b.pid && a.startTicks === b.startTicks

/**
 * Makes this process the one owner of a data directory, by a lock file in it: {pid, startTicks, children}. Refused, with a sentence
 * that names the owner, while that one lives. The lock of a dead owner is taken over, after its children that still run are killed.
 *
 * Two starters can't both win. A lock comes to be by `link`, complete or not at all. Only the *heir* of a dead owner replaces
 * its lock, by `rename`, so that there is always one; heir is who first links `owner.lock.heir-of-<pid>-<start>`. An heir that died
 * before it took over has an heir in its turn.
 */
export const claimDirectory = async (directory: string): Promise<Claim | ClaimRefused> => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'owner.lock')
  const me = identityOf(process.pid)
  const heirPath = (dead: ProcessIdentity): string => `${path}.heir-of-${dead.pid}-${dead.startTicks}`
  const unreadable = (file: string): ClaimRefused => ({
    refused: `${file} is there and can't be read: if no Wardwatch runs on ${directory}, remove that file and start again`,
  })
  const inUse = (owner: ProcessIdentity): ClaimRefused => ({
    refused: `${directory} is in use by the process ${owner.pid}: one platform a data directory; stop that one first, or name another directory`,
  })
  const writeBeside = (children: readonly ProcessIdentity[]): string => {
    const beside = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
    writeFileSync(beside, `${JSON.stringify({ ...me, children: [...children] })}\n`, { mode: 0o600 })
    return beside
  }

  /** Becomes the heir of `dead`, and replaces its lock. 'again' when things changed meanwhile. */
  const inherit = (dead: LockFile, beside: string): 'done' | 'again' | ClaimRefused => {
    const deadHeirs: string[] = []
    let predecessor: ProcessIdentity = dead
    while (!linkNew(beside, heirPath(predecessor))) {
      const heir = readLock(heirPath(predecessor))
      if (heir === 'absent') return 'again'
      if (heir === 'unreadable') return unreadable(heirPath(predecessor))
      if (isAlive(heir)) return inUse(heir)
      deadHeirs.push(heirPath(predecessor))
      predecessor = heir
    }
    const mine = heirPath(predecessor)
    const now = readLock(path)
    // From here on nobody but this process may replace the dead owner's lock, if it is still that.
    const still = typeof now === 'object' && same(now, dead)
    if (still) renameSync(writeBeside(dead.children), path)
    for (const file of still ? [...deadHeirs, mine] : [mine]) rmSync(file, { force: true })
    return still ? 'done' : 'again'
  }

  let orphans: readonly ProcessIdentity[] = []
  const beside = writeBeside([])
  try {
    while (!linkNew(beside, path)) {
      const lock = readLock(path)
      if (lock === 'absent') continue
      if (lock === 'unreadable') return unreadable(path)
      if (isAlive(lock)) return inUse(lock)
      const inherited = inherit(lock, beside)
      if (typeof inherited === 'object') return inherited
      if (inherited === 'again') continue
      orphans = lock.children
      break
    }
  } finally {
    rmSync(beside, { force: true })
  }

  let children: readonly ProcessIdentity[] = orphans
  let released = false
  const save = (): void => {
    if (!released) renameSync(writeBeside(children), path)
  }
  const release = (): void => {
    if (!released) rmSync(path, { force: true })
    released = true
  }

  for (const orphan of orphans) {
    if (await endOrphan(orphan)) {
      children = children.filter((child) => child !== orphan)
      continue
    }
    // The lock stays, as this process's, with the child in it: whoever tries after this one has ended tries again.
    save()
    return { refused: `the process ${orphan.pid}, left over from an earlier run on ${directory}, does not end: it may still write` }
  }
  save()

  return {
    recordChild(pid) {
      children = [...children.filter((child) => child.pid !== pid), identityOf(pid)]
      save()
    },
    forgetChild(pid) {
      children = children.filter((child) => child.pid !== pid)
      save()
    },
    release,
  }
}

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts'
import { takeProcessLock } from './process-lock.ts'

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

/**
 * Makes this process the one owner of a data directory, by a lock file in it (process-lock.ts). Refused, with a sentence that
 * names the owner, while that one lives. The lock of a dead owner is taken over, after its children that still run are killed.
 */
export const claimDirectory = async (directory: string): Promise<Claim | ClaimRefused> => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = takeProcessLock(join(directory, 'owner.lock'))
  if ('unreadable' in lock)
    return {
      refused: `${lock.unreadable} is there and can't be read: if no Wardwatch runs on ${directory}, remove that file and start again`,
    }
  if ('heldBy' in lock)
    return {
      refused: `${directory} is in use by the process ${lock.heldBy.pid}: one platform a data directory; stop that one first, or name another directory`,
    }

  let children = lock.inherited
  for (const orphan of lock.inherited) {
    if (await endOrphan(orphan)) {
      children = children.filter((child) => child !== orphan)
      continue
    }
    // The lock stays, as this process's, with the child in it: whoever tries after this one has ended tries again.
    lock.record(children)
    return { refused: `the process ${orphan.pid}, left over from an earlier run on ${directory}, does not end: it may still write` }
  }
  lock.record(children)

  return {
    recordChild(pid) {
      children = [...children.filter((child) => child.pid !== pid), identityOf(pid)]
      lock.record(children)
    },
    forgetChild(pid) {
      children = children.filter((child) => child.pid !== pid)
      lock.record(children)
    },
    release: () => lock.release(),
  }
}

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
const recordAgainMs = 5_000

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
 *
 * @param onUnwritten told once when what a next owner would inherit can't be written (a full disk); it is tried again
 */
export const claimDirectory = async (
  directory: string,
  onUnwritten: (problem: string) => void = () => {},
): Promise<Claim | ClaimRefused> => {
  let lock: ReturnType<typeof takeProcessLock>
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    lock = takeProcessLock(join(directory, 'owner.lock'))
  } catch (error) {
    return { refused: `no lock can be written in ${directory}: ${error instanceof Error ? error.message : String(error)}` }
  }
  if ('unreadable' in lock)
    return {
      refused: `${lock.unreadable} is there and can't be read: if no Wardwatch runs on ${directory}, remove that file and start again`,
    }
  if ('heldBy' in lock)
    return {
      refused: `${directory} is in use by the process ${lock.heldBy.pid}: one platform a data directory; stop that one first, or name another directory`,
    }

  let children = lock.inherited
  let again: ReturnType<typeof setInterval> | null = null
  const write = (): boolean => {
    try {
      lock.record(children)
      return true
    } catch (error) {
      if (again === null) onUnwritten(error instanceof Error ? error.message : String(error))
      return false
    }
  }
  /** A full disk must not end who works: the lock is held all the same, and a next owner would only miss a child. */
  const record = (): void => {
    if (write() || again !== null) return
    again = setInterval(() => {
      if (write()) stopTrying()
    }, recordAgainMs)
    again.unref()
  }
  const stopTrying = (): void => {
    if (again !== null) clearInterval(again)
    again = null
  }
  for (const orphan of lock.inherited) {
    if (await endOrphan(orphan)) {
      children = children.filter((child) => child !== orphan)
      continue
    }
    // The lock stays, as this process's, with the child in it: whoever tries after this one has ended tries again.
    write()
    return { refused: `the process ${orphan.pid}, left over from an earlier run on ${directory}, does not end: it may still write` }
  }
  record()

  return {
    recordChild(pid) {
      children = [...children.filter((child) => child.pid !== pid), identityOf(pid)]
      record()
    },
    forgetChild(pid) {
      children = children.filter((child) => child.pid !== pid)
      record()
    },
    release() {
      stopTrying()
      lock.release()
    },
  }
}

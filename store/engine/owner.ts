import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Names the process that has the directory open. The engine itself refuses a second one (by a lock of the kernel, which dies with
 * its process) but only says "failed": this file says *who*, and tells that refusal from others.
 */
const ownerFile = 'owner.json'

interface Owner {
  readonly pid: number
  /** Kernel ticks since boot when it started: a reused pid is another process. Null where the kernel doesn't tell. */
  readonly startedAt: string | null
}

/** Ended and not yet collected by its parent: it holds nothing any more, once its last thread has left the kernel. */
const hasEnded = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1
  } catch {
    return false
  }
}

const startedAt = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

const isAlive = (owner: Owner): boolean => {
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return startedAt(owner.pid) === owner.startedAt && !hasEnded(owner.pid)
}

/** The living process that has the directory, or null. */
export const livingOwner = (directory: string): number | null => {
  try {
    const owner = JSON.parse(readFileSync(join(directory, ownerFile), 'utf8')) as Owner
    return isAlive(owner) ? owner.pid : null
  } catch {
    return null
  }
}

export const takeOwnership = (directory: string): void =>
  writeFileSync(join(directory, ownerFile), `${JSON.stringify({ pid: process.pid, startedAt: startedAt(process.pid) })}\n`, { mode: 0o600 })

export const leaveOwnership = (directory: string): void => rmSync(join(directory, ownerFile), { force: true })

import { readdirSync, readFileSync } from 'node:fs'

/** A process, told apart from a later one with the same number by when it started. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/<pid>/stat, clock ticks since boot; null where there is no /proc. */
  readonly startTicks: number | null
}

/** Start time and state from /proc; null when there is none to read. */
const readStat = (pid: number): { readonly startTicks: number; readonly state: string } | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command's name stands in brackets and may hold anything: fields are counted after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0]!, startTicks: Number(fields[19]) }
  } catch {
    return null
  }
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, startTicks: readStat(pid)?.startTicks ?? null })

/** A killed process is a zombie before its last thread has left the kernel: until then it may finish a write and holds its locks. */
const hasOtherThreads = (pid: number): boolean => {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1
  } catch {
    return false
  }
}

/** Whether that very process still runs. Ended but not yet collected by its parent counts as ended: it can't write any more. */
export const isAlive = ({ pid, startTicks }: ProcessIdentity): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  const stat = readStat(pid)
  if (stat === null) return true
  if (stat.state === 'Z' || stat.state === 'X') return hasOtherThreads(pid)
  return startTicks === null || stat.startTicks === startTicks
}

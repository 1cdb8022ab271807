import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { LogUnavailable } from '../../contracts/event-log.ts'
import { identityOf, isAlive } from '../process-identity.ts'
import { lockIsHeld, takeProcessLock } from '../process-lock.ts'

/**
 * Keeps commits and openings of one environment apart, across processes.
 *
 * lmdb 3.5.6 must not be opened while another process commits. `mdb_env_open2` reads the newest transaction's number from the file and
 * a little later stores it in the shared lock file, without a lock: a commit that ended in between is forgotten, its number
 * is given out again, and the environment is damaged (seen with strace: transaction 751 written twice while another process
 * opened; one acknowledged commit lost in every few dozen starts under load).
 *
 * So a commit is announced in a file of its process (one byte, written in place), and an opening by a lock file. Either first announces itself and
 * then looks for the other: a commit waits until the opening is over, an opening until the commits are.
 * A commit pays two writes of one byte and a look for a file that is not there, about 6 us.
 */
export interface OpeningGate {
  /** Runs `open` while no process commits, and no other opens. Rejects with `LogUnavailable` when a committing process does not answer. */
  opening<T>(open: () => T | Promise<T>): Promise<T>
  /** Runs `commit` while no process opens. */
  committing<T>(commit: () => Promise<T>): Promise<T>
  /**
   * The same for closing, after this process's last commit: the last to close destroys the locks that an opener would find. Closes even when a
   * committing process does not answer.
   */
  closing(close: () => Promise<void>): Promise<void>
}

const gateWaitMsMax = 20_000
const idle = Buffer.from('0')
const busy = Buffer.from('1')

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const createOpeningGate = (directory: string, steadyNowMs: () => number): OpeningGate => {
  const lockPath = join(directory, 'opening.lock')
  const prefix = 'committing-'
  const me = identityOf(process.pid)
  // More than one log may be open in a process: each announces its own commits.
  const minePath = join(directory, `${prefix}${me.pid}-${me.startTicks}-${randomBytes(4).toString('hex')}`)
  let mine: number | null = null
  let running = 0
  mkdirSync(directory, { recursive: true, mode: 0o700 })

  /** Announcements of other processes that say that one commits. Those of dead processes are cleared away. */
  const committers = (): number[] =>
    readdirSync(directory)
      .filter((name) => name.startsWith(prefix) && join(directory, name) !== minePath)
      .flatMap((name) => {
        const [pid, start] = name.slice(prefix.length).split('-') as [string, string]
        const path = join(directory, name)
        if (!isAlive({ pid: Number(pid), startTicks: start === 'null' ? null : Number(start) })) {
          rmSync(path, { force: true })
          return []
        }
        try {
          // Empty: just made, and its writer has not looked for this opening yet.
          return readFileSync(path, 'latin1') === '1' ? [Number(pid)] : []
        } catch {
          return []
        }
      })

  const announce = (): void => {
    if (running++ > 0) return
    mine ??= openSync(minePath, 'w', 0o600)
    writeSync(mine, busy, 0, 1, 0)
  }
  const withdraw = (): void => {
    if (--running === 0 && mine !== null) writeSync(mine, idle, 0, 1, 0)
  }

  /** Runs `alone` while no process commits, opens or closes. */
  const whileAlone = async <T>(alone: () => T | Promise<T>): Promise<T> => {
    const untilMs = steadyNowMs() + gateWaitMsMax
    const late = (why: string): void => {
      if (steadyNowMs() > untilMs) throw new LogUnavailable('io', `${directory} can't be opened or closed: ${why}`)
    }
    for (;;) {
      const lock = takeProcessLock(lockPath)
      if ('release' in lock) {
        try {
          for (let pids = committers(); pids.length > 0 || running > 0; pids = committers()) {
            late(`the process ${pids.join(', ')} does not end its commit`)
            await pause(1)
          }
          return await alone()
        } finally {
          lock.release()
        }
      }
      late('heldBy' in lock ? `the process ${lock.heldBy.pid} is at it, and does not end` : `${lock.unreadable} can't be read`)
      await pause(1)
    }
  }

  return {
    opening: whileAlone,
    async committing(commit) {
      announce()
      try {
        // The look costs a call that fails; only when there is an opening does its owner have to be asked for.
        while (existsSync(lockPath) && lockIsHeld(lockPath)) {
          withdraw()
          await pause(1)
          announce()
        }
        return await commit()
      } finally {
        withdraw()
      }
    },
    async closing(close) {
      let closed = false
      try {
        await whileAlone(() => {
          closed = true
          return close()
        })
      } catch (error) {
        if (closed) throw error
        await close()
      }
      if (mine === null) return
      closeSync(mine)
      mine = null
      rmSync(minePath, { force: true })
    },
  }
}

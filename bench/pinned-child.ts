import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const ticksPerSecond = 100

/** CPU seconds of a process, all its threads. */
export const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
export const residentKb = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])

export interface PinnedChild {
  readonly child: ChildProcess
  line(): Promise<string>
}

/** A child process, pinned, that is spoken to in lines. */
export const startPinned = (core: string, command: string, args: readonly string[]): PinnedChild => {
  const child = spawn('taskset', ['-c', core, command, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const iterator = lines[Symbol.asyncIterator]()
  return {
    child,
    async line() {
      const { value, done } = await iterator.next()
      if (done === true) throw new Error(`${command} ${args[0] ?? ''} ended without a word`)
      return value
    },
  }
}

export const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exit
}

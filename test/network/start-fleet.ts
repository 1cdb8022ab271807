import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { commandAt, type Place } from '../platform/place.ts'
import type { FleetPlan, FleetRecord, FleetWord } from './fleet-words.ts'

export interface PlacedFleet {
  lie(device: string): void
  rest(): void
  record(): Promise<FleetRecord>
  stop(): Promise<void>
}

/** A fleet (fleet-process.ts) as a process at a place of its own. */
export const startFleet = (place: Place, plan: FleetPlan): PlacedFleet => {
  const program = fileURLToPath(new URL('fleet-process.ts', import.meta.url))
  const child = spawn(...commandAt(place, nodeBinary()!, ['--disable-warning=ExperimentalWarning', program]), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const say = (word: FleetWord): void => void child.send(word)
  say({ say: 'start', plan })
  return {
    lie: (device) => say({ say: 'lie', device }),
    rest: () => say({ say: 'rest' }),
    async record() {
      const answer = once(child, 'message', { signal: AbortSignal.timeout(30_000) })
      say({ say: 'record' })
      return ((await answer) as [FleetRecord])[0]
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimeCommand } from '../app/runtimes.ts'
import { type BenchLog, lmdbBenchLog } from './bench-log.ts'

export interface HostBenchPlan {
  /** Of the state's local copy, and of the embedded log. */
  readonly directory: string
  readonly log: BenchLog
  readonly seed: number
  readonly devices: number
  readonly durationMs: number
}

export interface HostFigures {
  readonly hostObservationsPerCpuSecond: number
  readonly stateBytesPerDevice: number
  /** Each run's own figures. */
  readonly runs: readonly Readonly<Record<string, unknown>>[]
}

const run = (
  command: readonly string[],
  script: string,
  plan: HostBenchPlan & { readonly records?: number },
  args: readonly string[] = [],
): Record<string, unknown> => {
  const [binary, ...words] = command
  const file = fileURLToPath(new URL(script, import.meta.url))
  const { status, stdout, stderr } = spawnSync(binary!, [...words, file, ...args], {
    input: JSON.stringify(plan),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>
}

/** Each run reads as a group of its own, and so has changelogs of its own: it begins at the beginning. */
export const benchGroup = (run: number): string => `bench-${run}`

/**
 * The detect role's work: read from the log, opened, decoded, ten detectors, checkpoints at the production's interval. Per CPU-second of its
 * process, start and warm-up included, the median of three runs over half an hour of the fleet (4.1 million observations).
 */
export const benchHost = (
  options: {
    readonly runtime?: 'bun' | 'node'
    readonly devices?: number
    readonly durationMs?: number
    readonly runs?: number
    readonly log?: BenchLog
  } = {},
): HostFigures => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-bench-host-'))
  const plan: HostBenchPlan = {
    directory,
    log: options.log ?? lmdbBenchLog(directory),
    seed: 7,
    devices: options.devices ?? 5_000,
    durationMs: options.durationMs ?? 1_800_000,
  }
  try {
    const records = Number(run(runtimeCommand('hub', 'node'), './host-fill.ts', plan)['records'])
    const runs = Array.from({ length: options.runs ?? 3 }, (_, i) =>
      run(runtimeCommand('detect', options.runtime), './host-read.ts', { ...plan, records }, [benchGroup(i)]),
    )
    const rate = (one: Record<string, unknown>): number => Number(one['observations']) / Number(one['cpuSeconds'])
    const sorted = runs.toSorted((a, b) => rate(a) - rate(b))
    const middle = sorted[Math.floor(sorted.length / 2)]!
    return {
      hostObservationsPerCpuSecond: Math.round(rate(middle)),
      stateBytesPerDevice: Math.round(Number(middle['stateBytesMean'])),
      runs,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

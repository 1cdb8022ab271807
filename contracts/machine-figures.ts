import { z } from 'zod'
import { latencyBucketsMs } from './histogram.ts'

/** What a machine tells of itself in `machines.v1`, every few seconds: enough to show where the data stops, and why. No device, no secret. */

/** The kinds of roles, each a process. `hub` is sink and desk in one: where ClickHouse is an engine in the process. */
export const roleKinds = ['edge', 'detect', 'sink', 'desk', 'hub', 'bridge'] as const

/** Where a role's statistics have them; a record of numbers (by partition, by reason) is told as its sum. */
export const figurePaths = [
  'process.uptimeSeconds',
  'publishes',
  'acknowledged',
  'signedIn',
  'inFlight',
  'observationsDropped',
  'log.records',
  'log.queueRecords',
  'log.brokerAwayMs',
  'log.readAwayMs',
  'log.unopened',
  'log.clockAheadMs',
  'log.clockBehindMs',
  'records',
  'findingsByDetector',
  'outOfRange',
  'lagByPartition',
  'deadLettersByReason',
  'rowsByTable',
  'waitingRows',
  'gapsByPartition',
  'leadership.leads',
  'triage.folded',
  'triage.sequence',
  'triage.waiting',
  'triage.unreadable',
  'paging.sent',
  'paging.waiting',
  'paging.dead',
  'paging.caseEventOverflows',
] as const
export type FigurePath = (typeof figurePaths)[number]

export const latencyPaths = ['ackLatency', 'recordToFinding', 'flushMs'] as const
export type LatencyPath = (typeof latencyPaths)[number]

/** Reasons: why the log takes nothing, what its brokers say, why ClickHouse takes nothing, what an edge may not read. */
export const reasonPaths = ['logUnavailable', 'logTrouble', 'problem', 'unheard'] as const
export type ReasonPath = (typeof reasonPaths)[number]

const amount = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER)
const name = z.string().min(1).max(400)
export const sentenceCharsMax = 300
const sentence = z.string().max(sentenceCharsMax)
const histogram = z.object({ counts: z.array(amount).length(latencyBucketsMs.length + 1), sum: amount, count: amount })
/** A newer machine may tell more than this one knows: that is left out, not refused. */
const each = <Path extends string, Value extends z.ZodType>(paths: readonly Path[], value: Value) =>
  z.object(Object.fromEntries(paths.map((path) => [path, value.optional()])) as Record<Path, z.ZodOptional<Value>>)

export const roleFigures = z.object({
  name,
  kind: z.enum(roleKinds),
  /** 'silent': its process runs and has told nothing lately; then there are no figures. */
  state: z.enum(['running', 'silent', 'starting', 'restarting', 'stopped']),
  restarts: amount,
  /** When these figures were taken, by that machine's clock: only ever compared with others of the same machine. */
  atMs: amount,
  figures: each(figurePaths, amount),
  latencies: each(latencyPaths, histogram),
  reasons: each(reasonPaths, sentence),
})
export type RoleFigures = Readonly<z.infer<typeof roleFigures>>

export const machineRolesMax = 256
export const machineProblemsMax = 16

export const machineFigures = z.object({
  machine: name,
  /** Another one each time that the machine is started; '' of a machine that does not tell it. */
  run: z.string().max(64).default(''),
  roles: z.array(roleFigures).max(machineRolesMax),
  /** What its `/readyz` says is wrong. */
  problems: z.array(sentence).max(machineProblemsMax),
  /** Its last word: it is stopped in order, and nobody is to wait for it. */
  leaves: z.boolean().default(false),
})
export type MachineFigures = z.infer<typeof machineFigures>

const machineBytesMax = 131_072

export const encodeMachine = (figures: MachineFigures): Uint8Array => Buffer.from(JSON.stringify(figures))

/** Null: it is none. Whoever writes to the log may write anything. */
export const decodeMachine = (bytes: Uint8Array): MachineFigures | null => {
  if (bytes.length > machineBytesMax) return null
  try {
    return machineFigures.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null
  } catch {
    return null
  }
}

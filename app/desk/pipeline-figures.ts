import type { Pipeline, Stage, VitalSigns } from '../../contracts/api/pipeline.ts'
import { type HistogramSnapshot, quantileMs } from '../../contracts/histogram.ts'
import { type DeskStanding, soleDesk } from '../../dashboards/api/parts.ts'
import { cutOff, readiness, unheard } from '../health.ts'
import { difference, merged, sumOf } from '../role-figures.ts'
import { does, type RoleStatus } from '../role-status.ts'

/** Rates and quantiles are of the last seconds: as long as there is something to count, as short as it stays true. */
const windowMs = 10_000
const historySeconds = 300
/** The supervisor tells each second; after this much silence nothing is known, ms. */
const staleMs = 5_000
/** More than this many records behind is behind. */
const behindRecordsMin = 10_000
const deadStatsMs = 5_000

export interface PipelineFigures {
  /** Takes how all roles are; called each second. */
  told(roles: readonly RoleStatus[]): void
  read(): Pipeline
}

/** What is counted of the roles at one moment. A null is not measured. */
interface Sample {
  readonly atMs: number
  readonly published: number | null
  readonly acknowledged: number | null
  readonly logged: number | null
  readonly observed: number | null
  readonly found: number | null
  readonly taken: number | null
  readonly cased: number | null
  readonly landed: number | null
  readonly paged: number | null
  readonly ack: HistogramSnapshot | null
  readonly find: HistogramSnapshot | null
  readonly land: HistogramSnapshot | null
}

type Count = Exclude<keyof Sample, 'atMs' | 'ack' | 'find' | 'land'>
type Latency = 'ack' | 'find' | 'land'

const at = (stats: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((here, key) => (typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[key] : undefined), stats)

const numberAt = (stats: unknown, path: string): number | null => {
  const value = at(stats, path)
  return typeof value === 'number' ? value : null
}
const recordAt = (stats: unknown, path: string): number | null => {
  const value = at(stats, path)
  return typeof value === 'object' && value !== null ? sumOf(value) : null
}
const histogramAt = (stats: unknown, path: string): HistogramSnapshot | null => {
  const value = at(stats, path) as HistogramSnapshot | undefined
  return Array.isArray(value?.counts) ? value : null
}
const plus = (numbers: readonly (number | null)[]): number | null => {
  const known = numbers.filter((number) => number !== null)
  return known.length === 0 ? null : known.reduce((sum, number) => sum + number, 0)
}

/**
 * The data's way out of the roles' own statistics. @param behindMs how far ClickHouse is behind, ms; null when it is not
 */
export const createPipelineFigures = (
  now: () => number,
  behindMs: () => number | null,
  standing: DeskStanding = soleDesk,
): PipelineFigures => {
  let roles: readonly RoleStatus[] = []
  let toldAtMs = -Infinity
  let samples: Sample[] = []
  const histories = new Map<Stage['id'], (number | null)[]>()

  const fresh = (): boolean => now() - toldAtMs < staleMs
  const ofKind = (kind: RoleStatus['kind']): RoleStatus[] => roles.filter((role) => does(role.kind, kind))
  /** Those that have spoken lately. */
  const speaking = (all: readonly RoleStatus[]): RoleStatus[] =>
    all.filter(({ stats, state, statsAtMs }) => state === 'running' && stats !== null && now() - (statsAtMs ?? 0) < deadStatsMs)
  const statsOf = (kind: RoleStatus['kind']): unknown[] => speaking(ofKind(kind)).map(({ stats }) => stats)
  const total = (kind: RoleStatus['kind'], path: string): number | null => plus(statsOf(kind).map((stats) => numberAt(stats, path)))
  const totalOf = (kind: RoleStatus['kind'], path: string): number | null => plus(statsOf(kind).map((stats) => recordAt(stats, path)))
  const histogram = (kind: RoleStatus['kind'], path: string): HistogramSnapshot | null => {
    const all = statsOf(kind).flatMap((stats) => histogramAt(stats, path) ?? [])
    return all.length === 0 ? null : merged(all)
  }

  const take = (): Sample => ({
    atMs: Math.max(...roles.map(({ statsAtMs }) => statsAtMs ?? 0), 0),
    published: total('edge', 'publishes'),
    acknowledged: total('edge', 'acknowledged'),
    logged: plus([total('edge', 'log.records'), total('bridge', 'log.records')]),
    observed: total('detect', 'records'),
    found: totalOf('detect', 'findingsByDetector'),
    taken: total('desk', 'triage.folded'),
    cased: total('desk', 'triage.sequence'),
    landed: totalOf('sink', 'rowsByTable'),
    paged: total('desk', 'paging.sent'),
    ack: histogram('edge', 'ackLatency'),
    find: histogram('detect', 'recordToFinding'),
    land: histogram('sink', 'flushMs'),
  })

  const oldest = (): Sample | undefined => samples[0]
  const newest = (): Sample | undefined => samples.at(-1)
  /** A count that went down began anew: the role was restarted, and the rate is not known yet. */
  const rate = (count: Count): number | null => {
    const a = oldest()
    const b = newest()
    if (a === undefined || b === undefined || b.atMs - a.atMs < 500) return null
    const [from, to] = [a[count], b[count]]
    return from === null || to === null || to < from ? null : Math.round(((to - from) * 10_000) / (b.atMs - a.atMs)) / 10
  }
  const quantile = (of: Latency, q: number): number | null => {
    const b = newest()?.[of]
    if (b == null) return null
    const a = oldest()?.[of]
    const recent = a == null || a.count > b.count ? b : difference(b, a)
    return recent.count === 0 ? null : Math.round(quantileMs(recent, q) * 10) / 10
  }

  const stateOf = (kind: RoleStatus['kind'], behind: boolean): Stage['state'] => {
    const mine = ofKind(kind)
    if (mine.length === 0) return 'unknown'
    if (mine.some(({ state }) => state !== 'running')) return 'down'
    if (mine.some(({ statsAtMs }) => statsAtMs === null || now() - statsAtMs >= deadStatsMs)) return 'unknown'
    return behind ? 'behind' : 'running'
  }
  const restarts = (kind: RoleStatus['kind']): number | null => plus(ofKind(kind).map((role) => role.restarts))
  const problemOf = (kind: RoleStatus['kind']): string | null =>
    readiness(roles, now()).problems.find((problem) => ofKind(kind).some(({ name }) => problem.startsWith(`${name} `))) ?? null

  /** One sentence while history takes nothing; a fault that lasts a second is none. */
  const historyProblem = (): string | null => {
    if (behindMs() === null) return null
    const told = statsOf('sink')
      .map((stats) => at(stats, 'problem'))
      .find((problem) => typeof problem === 'string')
    return told === undefined ? null : `ClickHouse takes nothing: ${told.split('\n')[0]!.slice(0, 200)}`
  }

  /** One sentence while the log can't be written or read. */
  const logProblem = (): string | null => {
    if (statsOf('edge').some((stats) => typeof at(stats, 'logUnavailable') === 'string'))
      return 'The log takes no records: nothing is acknowledged'
    return (
      speaking(roles)
        .map(cutOff)
        .find((problem) => problem !== null) ?? null
    )
  }

  const detectLag = (): number | null => totalOf('detect', 'lagByPartition')
  const landLag = (): number | null => totalOf('sink', 'lagByPartition')

  // A drop is data that is lost. What lands nowhere by its nature (a clock record) and what a guard refuses are none.
  const stages = (): Omit<Stage, 'history'>[] => {
    const detectBehind = (detectLag() ?? 0) > behindRecordsMin
    const landBehind = behindMs() !== null
    const cut = logProblem()
    const edge = stateOf('edge', false)
    const desk = stateOf('desk', false)
    const sink = stateOf('sink', false)
    const deadChannels = total('desk', 'paging.dead')
    return [
      {
        id: 'edge',
        title: 'Edge',
        state: edge,
        inPerSecond: rate('published'),
        outPerSecond: rate('acknowledged'),
        latencyP50Ms: quantile('ack', 0.5),
        latencyP99Ms: quantile('ack', 0.99),
        queue: total('edge', 'inFlight'),
        drops: total('edge', 'observationsDropped'),
        deadLetters: null,
        restarts: restarts('edge'),
        problem: problemOf('edge'),
      },
      {
        id: 'log',
        title: 'Log',
        state: cut === null ? edge : 'down',
        inPerSecond: rate('logged'),
        outPerSecond: rate('logged'),
        latencyP50Ms: null,
        latencyP99Ms: null,
        queue: total('edge', 'log.queueRecords'),
        drops: null,
        deadLetters: null,
        restarts: null,
        problem: cut,
      },
      {
        id: 'detect',
        title: 'Detectors',
        state: stateOf('detect', detectBehind),
        inPerSecond: rate('observed'),
        outPerSecond: rate('found'),
        latencyP50Ms: quantile('find', 0.5),
        latencyP99Ms: quantile('find', 0.99),
        queue: detectLag(),
        drops: total('detect', 'outOfRange'),
        deadLetters: totalOf('detect', 'deadLettersByReason'),
        restarts: restarts('detect'),
        problem: problemOf('detect'),
      },
      {
        id: 'triage',
        title: 'Triage',
        state: desk,
        inPerSecond: rate('taken'),
        outPerSecond: rate('cased'),
        latencyP50Ms: null,
        latencyP99Ms: null,
        queue: total('desk', 'triage.waiting'),
        drops: total('desk', 'triage.unreadable'),
        deadLetters: null,
        restarts: restarts('desk'),
        problem: null,
      },
      {
        id: 'landing',
        title: 'History',
        // A sink on another machine is not known here, but what it has landed is.
        state: (sink === 'running' || sink === 'unknown') && landBehind ? 'behind' : sink,
        inPerSecond: rate('landed'),
        outPerSecond: rate('landed'),
        latencyP50Ms: quantile('land', 0.5),
        latencyP99Ms: quantile('land', 0.99),
        queue: plus([landLag(), total('sink', 'waitingRows')]),
        drops: totalOf('sink', 'gapsByPartition'),
        deadLetters: totalOf('sink', 'deadLettersByReason'),
        restarts: restarts('sink'),
        problem: problemOf('sink') ?? historyProblem(),
      },
      {
        id: 'paging',
        title: 'Paging',
        state: desk === 'running' && (deadChannels ?? 0) > 0 ? 'down' : desk,
        inPerSecond: null,
        outPerSecond: rate('paged'),
        latencyP50Ms: null,
        latencyP99Ms: null,
        queue: total('desk', 'paging.waiting'),
        drops: total('desk', 'paging.caseEventOverflows'),
        deadLetters: null,
        restarts: restarts('desk'),
        problem: (deadChannels ?? 0) > 0 ? `${deadChannels} paging ${deadChannels === 1 ? 'channel is' : 'channels are'} dead` : null,
      },
    ]
  }

  /** How long what is read now has waited: the records behind at the rate at which they are read. */
  const lagMs = (): number | null => {
    const lag = detectLag()
    if (lag === null || lag === 0) return lag
    const perSecond = rate('observed')
    return perSecond === null || perSecond === 0 ? null : Math.round((lag / perSecond) * 1_000)
  }

  const signs = (): VitalSigns => {
    const known = fresh()
    const problems = known
      ? [...readiness(roles, now()).problems, ...[historyProblem(), ...roles.map(unheard)].filter((problem) => problem !== null)]
      : ['Nothing is known of the platform: its supervisor is silent']
    return {
      nowMs: now(),
      readingsPerSecond: known ? rate('acknowledged') : null,
      connections: known ? total('edge', 'signedIn') : null,
      lagMs: known ? lagMs() : null,
      drops: known ? plus(stages().map(({ drops }) => drops)) : null,
      ackP99Ms: known ? quantile('ack', 0.99) : null,
      historyBehindMs: behindMs(),
      readsOnly: standing.leads() ? null : { leader: standing.leader() },
      problems,
    }
  }

  return {
    told(next) {
      roles = next
      toldAtMs = now()
      const sample = take()
      if (sample.atMs !== newest()?.atMs) samples.push(sample)
      samples = samples.filter(({ atMs }, i) => sample.atMs - atMs <= windowMs || i >= samples.length - 2)
      for (const { id, inPerSecond } of stages()) {
        const history = histories.get(id) ?? []
        history.push(inPerSecond)
        if (history.length > historySeconds) history.shift()
        histories.set(id, history)
      }
    },
    read: () => ({
      signs: signs(),
      stages: stages().map((stage) => {
        const history = [...(histories.get(stage.id) ?? [])]
        if (fresh()) return { ...stage, history }
        return {
          ...stage,
          history,
          state: 'unknown',
          inPerSecond: null,
          outPerSecond: null,
          latencyP50Ms: null,
          latencyP99Ms: null,
          queue: null,
          drops: null,
          deadLetters: null,
          problem: 'The supervisor is silent',
        }
      }),
    }),
  }
}

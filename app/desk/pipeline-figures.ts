import type { Pipeline, Stage, VitalSigns } from '../../contracts/api/pipeline.ts'
import type { FigurePath } from '../../contracts/machine-figures.ts'
import { type DeskStanding, soleDesk } from '../../dashboards/api/parts.ts'
import { cutOff, readiness, unheard, unreadable, wrongClock } from '../health.ts'
import { roleFiguresOf } from '../machine-figures.ts'
import { does, type RoleKind, type RoleStatus } from '../role-status.ts'
import type { KnownMachine } from './known-machines.ts'
import { type PlacedRole, createRoleSeries } from './role-series.ts'
import { notHeardOf } from './silent-machines.ts'

const historySeconds = 300
/** The supervisor tells each second; after this much silence nothing is known, ms. */
const staleMs = 5_000
/** More than this many records behind is behind. */
const behindRecordsMin = 10_000
const problemsMax = 50
/** A sink that ClickHouse has refused for so long tells it, though nothing may be behind that is measured: findings and cases, or a part of the partitions. */
const lastingMs = 5_000

export interface PipelineFigures {
  /** Takes how all roles of this machine are; called each second. */
  told(roles: readonly RoleStatus[]): void
  read(): Pipeline
}

const plus = (numbers: readonly (number | null)[]): number | null => {
  const known = numbers.filter((number) => number !== null)
  return known.length === 0 ? null : known.reduce((sum, number) => sum + number, 0)
}

/** Where the data's way may go beyond this machine. */
export interface OtherMachines {
  list(): readonly KnownMachine[]
  /** Names that two machines go by. */
  shared(): readonly string[]
  /** Why nothing is known of them; null when they are heard. */
  problem(): string | null
}

/**
 * The data's way out of the roles' own statistics: this machine's as its supervisor tells them, the others' as they came over the log.
 *
 * @param behindMs how far ClickHouse is behind, ms; null when it is not
 * @param others null where this machine is all there is
 */
export const createPipelineFigures = (
  now: () => number,
  behindMs: () => number | null,
  standing: DeskStanding = soleDesk,
  others: OtherMachines | null = null,
): PipelineFigures => {
  let own: readonly RoleStatus[] = []
  let toldAtMs = -Infinity
  let roles: readonly PlacedRole[] = []
  let silent: readonly KnownMachine[] = []
  /** What other machines say is wrong with them. */
  let elsewhere: readonly string[] = []
  /** Since when one of the sinks has said that ClickHouse takes nothing; null: none does. */
  let landingTroubleMs: number | null = null
  const series = createRoleSeries()
  const histories = new Map<Stage['id'], (number | null)[]>()

  const fresh = (): boolean => now() - toldAtMs < staleMs
  const ofKind = (kind: RoleKind): PlacedRole[] => roles.filter((role) => does(role.kind, kind))
  const speaking = (kind: RoleKind): PlacedRole[] => ofKind(kind).filter(({ state }) => state === 'running')
  /** Of several desks one takes findings and pages; the others would count what it writes a second time. */
  const counting = (kind: RoleKind): PlacedRole[] => {
    const all = speaking(kind)
    const leading = kind === 'desk' ? all.filter(({ figures }) => figures['leadership.leads'] === 1) : []
    return leading.length === 0 ? all : leading
  }
  const total = (kind: RoleKind, path: FigurePath): number | null => plus(counting(kind).map(({ figures }) => figures[path] ?? null))
  const rate = (kind: RoleKind, path: FigurePath): number | null => series.rate(counting(kind), path)
  const silentWith = (kind: RoleKind): KnownMachine[] => silent.filter(({ figures }) => figures.roles.some((role) => does(role.kind, kind)))

  const cutOffItself = (): boolean => own.some((role) => does(role.kind, 'desk') && unreadable(role))

  const stateOf = (kind: RoleKind, behind: boolean): Stage['state'] => {
    const all = ofKind(kind)
    if (all.some(({ state }) => state !== 'running' && state !== 'silent')) return 'down'
    if (all.length === 0 || all.some(({ state }) => state === 'silent') || silentWith(kind).length > 0) return 'unknown'
    return behind ? 'behind' : 'running'
  }
  const restarts = (kind: RoleKind): number | null => plus(ofKind(kind).map((role) => role.restarts))
  const problemOf = (kind: RoleKind): string | null => {
    const names = ofKind(kind).map(({ name }) => `${name} `)
    const told = [...readiness(own, now()).problems, ...elsewhere].find((problem) => names.some((name) => problem.startsWith(name)))
    if (told !== undefined) return told
    const missing = silentWith(kind)
    if (missing.length > 0) return notHeardOf(missing, cutOffItself())
    if (names.length > 0 || others === null) return null
    return others.problem() ?? `No machine that is heard of runs ${kind}`
  }

  /** What a sink says is wrong with ClickHouse. */
  const landingTrouble = (): string | undefined =>
    speaking('sink')
      .map(({ reasons }) => reasons.problem)
      .find((problem) => problem !== undefined)

  /** One sentence while history takes nothing; a fault that lasts a second is none. */
  const historyProblem = (): string | null => {
    const lasts = landingTroubleMs !== null && now() - landingTroubleMs >= lastingMs
    if (behindMs() === null && !lasts) return null
    const told = landingTrouble()
    return told === undefined ? null : `ClickHouse takes nothing: ${told.slice(0, 200)}`
  }

  /** What the first of the roles has to say that has something to say. */
  const ofRunning = (say: (role: PlacedRole) => string | null): string | null =>
    roles
      .filter(({ state }) => state === 'running')
      .map(say)
      .find((problem) => problem !== null) ?? null

  /** The log goes on, but times are wrong. */
  const clockProblem = (): string | null =>
    ofRunning(({ name, figures }) => wrongClock(name, figures['log.clockAheadMs'] ?? 0, figures['log.clockBehindMs'] ?? 0))

  /** One sentence while the log can't be written or read. */
  const logProblem = (): string | null => {
    if (speaking('edge').some(({ reasons }) => reasons.logUnavailable !== undefined))
      return 'The log takes no records: nothing is acknowledged'
    return ofRunning(({ name, figures, reasons }) =>
      cutOff(name, figures['log.readAwayMs'] ?? 0, figures['log.brokerAwayMs'] ?? 0, reasons.logTrouble),
    )
  }

  /** An edge that serves its devices and does not hear what it should. */
  const unheardProblem = (): string | null =>
    ofRunning(({ name, reasons }) => (reasons.unheard === undefined ? null : `${name}: ${reasons.unheard}`))

  /** What nobody's key opens. Each role that reads it counts it. */
  const unopened = (): number | null => {
    const counts = roles.flatMap(({ figures }) => figures['log.unopened'] ?? [])
    return counts.length === 0 ? null : Math.max(...counts)
  }

  const detectLag = (): number | null => total('detect', 'lagByPartition')
  const landLag = (): number | null => total('sink', 'lagByPartition')

  // A drop is data that is lost. What lands nowhere by its nature (a clock record) and what a guard refuses are none.
  const stages = (): Omit<Stage, 'history'>[] => {
    const detectBehind = (detectLag() ?? 0) > behindRecordsMin
    const landBehind = behindMs() !== null || historyProblem() !== null
    const cut = logProblem()
    const edge = stateOf('edge', false)
    const desk = stateOf('desk', false)
    const sink = stateOf('sink', false)
    const deadChannels = total('desk', 'paging.dead') ?? 0
    const logged = plus([rate('edge', 'log.records'), rate('bridge', 'log.records')])
    return [
      {
        id: 'edge',
        title: 'Edge',
        state: edge,
        inPerSecond: rate('edge', 'publishes'),
        outPerSecond: rate('edge', 'acknowledged'),
        latencyP50Ms: series.quantile(speaking('edge'), 'ackLatency', 0.5),
        latencyP99Ms: series.quantile(speaking('edge'), 'ackLatency', 0.99),
        queue: total('edge', 'inFlight'),
        drops: total('edge', 'observationsDropped'),
        deadLetters: null,
        restarts: restarts('edge'),
        problem: problemOf('edge') ?? unheardProblem(),
      },
      {
        id: 'log',
        title: 'Log',
        state: cut === null ? edge : 'down',
        inPerSecond: logged,
        outPerSecond: logged,
        latencyP50Ms: null,
        latencyP99Ms: null,
        queue: total('edge', 'log.queueRecords'),
        drops: null,
        deadLetters: unopened(),
        restarts: null,
        problem: cut ?? clockProblem(),
      },
      {
        id: 'detect',
        title: 'Detectors',
        state: stateOf('detect', detectBehind),
        inPerSecond: rate('detect', 'records'),
        outPerSecond: rate('detect', 'findingsByDetector'),
        latencyP50Ms: series.quantile(speaking('detect'), 'recordToFinding', 0.5),
        latencyP99Ms: series.quantile(speaking('detect'), 'recordToFinding', 0.99),
        queue: detectLag(),
        drops: total('detect', 'outOfRange'),
        deadLetters: total('detect', 'deadLettersByReason'),
        restarts: restarts('detect'),
        problem: problemOf('detect'),
      },
      {
        id: 'triage',
        title: 'Triage',
        state: desk,
        inPerSecond: rate('desk', 'triage.folded'),
        outPerSecond: rate('desk', 'triage.sequence'),
        latencyP50Ms: null,
        latencyP99Ms: null,
        queue: total('desk', 'triage.waiting'),
        drops: total('desk', 'triage.unreadable'),
        deadLetters: null,
        restarts: restarts('desk'),
        problem: problemOf('desk'),
      },
      {
        id: 'landing',
        title: 'History',
        // What has landed is known here even while nothing is known of the sink.
        state: (sink === 'running' || sink === 'unknown') && landBehind ? 'behind' : sink,
        inPerSecond: rate('sink', 'rowsByTable'),
        outPerSecond: rate('sink', 'rowsByTable'),
        latencyP50Ms: series.quantile(speaking('sink'), 'flushMs', 0.5),
        latencyP99Ms: series.quantile(speaking('sink'), 'flushMs', 0.99),
        queue: plus([landLag(), total('sink', 'waitingRows')]),
        drops: total('sink', 'gapsByPartition'),
        deadLetters: total('sink', 'deadLettersByReason'),
        restarts: restarts('sink'),
        problem: problemOf('sink') ?? historyProblem(),
      },
      {
        id: 'paging',
        title: 'Paging',
        state: desk === 'running' && deadChannels > 0 ? 'down' : desk,
        inPerSecond: null,
        outPerSecond: rate('desk', 'paging.sent'),
        latencyP50Ms: null,
        latencyP99Ms: null,
        queue: total('desk', 'paging.waiting'),
        drops: total('desk', 'paging.caseEventOverflows'),
        deadLetters: null,
        restarts: restarts('desk'),
        problem: deadChannels > 0 ? `${deadChannels} paging ${deadChannels === 1 ? 'channel is' : 'channels are'} dead` : null,
      },
    ]
  }

  /** How long what is read now has waited: the records behind at the rate at which they are read. */
  const lagMs = (): number | null => {
    const lag = detectLag()
    if (lag === null || lag === 0) return lag
    const perSecond = rate('detect', 'records')
    return perSecond === null || perSecond === 0 ? null : Math.round((lag / perSecond) * 1_000)
  }

  const problems = (): string[] =>
    [
      ...readiness(own, now()).problems,
      historyProblem(),
      clockProblem(),
      ...own.map(unheard),
      others?.problem() ?? null,
      ...(others?.shared() ?? []).map((name) => `Two machines call themselves ${name}: give each a node of its own`),
      silent.length === 0 ? null : notHeardOf(silent, cutOffItself()),
      ...elsewhere,
    ]
      .filter((problem) => problem !== null)
      .slice(0, problemsMax)

  const signs = (): VitalSigns => {
    const known = fresh()
    return {
      nowMs: now(),
      readingsPerSecond: known ? rate('edge', 'acknowledged') : null,
      connections: known ? total('edge', 'signedIn') : null,
      lagMs: known ? lagMs() : null,
      drops: known ? plus(stages().map(({ drops }) => drops)) : null,
      ackP99Ms: known ? series.quantile(speaking('edge'), 'ackLatency', 0.99) : null,
      historyBehindMs: behindMs(),
      readsOnly: standing.leads() ? null : { leader: standing.leader() },
      problems: known ? problems() : ['Nothing is known of the platform: its supervisor is silent'],
    }
  }

  /** Who is heard, as of now: a machine falls silent between two tellings too. */
  const look = (): void => {
    const all = others?.list() ?? []
    silent = all.filter(({ silentMs }) => silentMs !== null)
    const heard = all.filter(({ silentMs }) => silentMs === null).map(({ figures }) => figures)
    elsewhere = [...new Set(heard.flatMap(({ problems: told }) => told))]
    roles = [
      ...own.map((role) => ({ ...roleFiguresOf(role, now()), machine: '' })),
      ...heard.flatMap(({ machine, roles: there }) => there.map((role) => ({ ...role, machine }))),
    ]
    landingTroubleMs = landingTrouble() === undefined ? null : (landingTroubleMs ?? now())
  }

  return {
    told(next) {
      own = next
      toldAtMs = now()
      look()
      series.take(roles)
      for (const { id, inPerSecond } of stages()) {
        const history = histories.get(id) ?? []
        history.push(inPerSecond)
        if (history.length > historySeconds) history.shift()
        histories.set(id, history)
      }
    },
    read() {
      look()
      return {
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
      }
    },
  }
}

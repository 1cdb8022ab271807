import type { AnyDerivation, AnyDetector, FindingDraft } from '../../contracts/detector.ts'
import type { KeyedBy } from '../../contracts/log-topics.ts'
import type { ObservationKind, Presence } from '../../contracts/observation.ts'

/** Parameters by stage id, as configured: checked against each stage's own schema. */
export type StageParameters = Readonly<Record<string, unknown>>

/** The stages that run, and how they are set. */
export interface Stages {
  readonly detectors: readonly AnyDetector[]
  readonly derivations: readonly AnyDerivation[]
  readonly parameters?: StageParameters
}

/** What a stage sees while it runs; one object a stage, its fields set before each call. */
export interface SlotContext {
  key: string
  nowMs: number
  outageEndedAtMs: number
  readonly emit: (draft: FindingDraft) => void
  readonly derive: (cohort: string, observation: Presence) => void
  readonly wakeAt: (atMs: number) => void
}

/** A stage made ready to run in one partition. */
export interface StageSlot {
  readonly id: string
  /** Names the state in a checkpoint: another version starts anew. */
  readonly tag: string
  readonly index: number
  /** -1 for a stage without `onTimer`. */
  readonly timerIndex: number
  readonly stage: AnyDetector | AnyDerivation
  /** null for a derivation. */
  readonly detector: AnyDetector | null
  readonly parameters: unknown
  readonly context: SlotContext
  findings: number
  faults: number
}

const isDetector = (stage: AnyDetector | AnyDerivation): stage is AnyDetector => 'severity' in stage

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}

const parseParameters = (stage: AnyDetector | AnyDerivation, given: unknown): unknown => {
  const parsed = stage.parameters.safeParse(given ?? {})
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new RangeError(`parameter ${[stage.id, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'invalid'}`)
  }
  return deepFreeze(parsed.data)
}

/** Throws `RangeError` naming the id and key when stages share an id, a parameter is wrong, or it belongs to no stage. */
export const checkStages = ({ detectors, derivations, parameters = {} }: Stages): void => {
  const ids = new Set<string>()
  for (const stage of [...detectors, ...derivations]) {
    if (ids.has(stage.id)) throw new RangeError(`two stages are called ${stage.id}`)
    ids.add(stage.id)
    parseParameters(stage, parameters[stage.id])
    const initial = stage.state.safeParse(stage.initial())
    if (!initial.success) throw new RangeError(`${stage.id}: its initial state does not fit its own schema: ${initial.error.message}`)
  }
  for (const id of Object.keys(parameters)) {
    if (!ids.has(id)) throw new RangeError(`parameters for ${id}: there is no such detector; there are ${[...ids].sort().join(', ')}`)
  }
}

/**
 * The stages keyed by `keyedBy`, in the order in which they run: by id, whatever the order of the lists.
 * @param contextOf makes the context of a slot; called once each.
 */
export const createStageSlots = (
  stages: Stages,
  keyedBy: KeyedBy,
  contextOf: (slot: () => StageSlot) => SlotContext,
): readonly StageSlot[] => {
  checkStages(stages)
  let timers = 0
  return [...stages.derivations, ...stages.detectors]
    .filter((stage) => stage.keyedBy === keyedBy)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((stage, index) => {
      const slot: StageSlot = {
        id: stage.id,
        tag: `${stage.id}@${stage.version}`,
        index,
        timerIndex: stage.onTimer === undefined ? -1 : timers++,
        stage,
        detector: isDetector(stage) ? stage : null,
        parameters: parseParameters(stage, stages.parameters?.[stage.id]),
        context: contextOf(() => slot),
        findings: 0,
        faults: 0,
      }
      return slot
    })
}

/** Which stages run for which kind of observation. */
export const dispatchTable = (slots: readonly StageSlot[]): Readonly<Record<ObservationKind, readonly StageSlot[]>> => {
  const accepting = (kind: ObservationKind): readonly StageSlot[] => slots.filter(({ stage }) => stage.accepts.includes(kind))
  return { reading: accepting('reading'), session: accepting('session'), posture: accepting('posture'), presence: accepting('presence') }
}

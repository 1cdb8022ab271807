import type { z } from 'zod'
import type { Evidence, Severity } from './finding.ts'
import type { KeyedBy } from './log-topics.ts'
import type { Observation, ObservationKind, Presence } from './observation.ts'

/** What a detector says; the host adds id, version, position and the rest of a `Finding`. */
export interface FindingDraft {
  /** 0..1: how sure. */
  readonly score: number
  /** One sentence with numbers that tells an analyst why. */
  readonly why: string
  readonly evidence: readonly Evidence[]
  /** The detector's severity unless given. */
  readonly severity?: Severity
  /** The device it is about; the key of the state unless given (`address:<key>` for a source). */
  readonly device?: string
  readonly site?: string | null
}

/** What the host offers while a detector runs. Record time only: nothing here reads a clock. */
export interface DetectorContext {
  /** The state's key: device id, source address or cohort. */
  readonly key: string
  /** The partition's watermark, ms: the largest receivedAt seen in it, this record included. */
  readonly nowMs: number
  /** When the edge was last heard again after writing no clock record for over 5 s, ms; 0 when never. Its outage is not the devices' silence. */
  readonly outageEndedAtMs: number
  readonly emit: (finding: FindingDraft) => void
  /** Calls `onTimer` once when the watermark has passed `atMs`; one timer a state, a later call replaces it. */
  readonly wakeAt: (atMs: number) => void
}

interface Stage<Kind extends ObservationKind, State, Parameters, Context> {
  /** Equals the file's name. */
  readonly id: string
  readonly version: number
  readonly title: string
  readonly keyedBy: KeyedBy
  readonly accepts: readonly Kind[]
  /** Every parameter has a default: `parameters.parse({})` must succeed. */
  readonly parameters: z.ZodType<Parameters>
  /** Plain JSON: `JSON.parse(JSON.stringify(state))` at any step gives the same future. */
  readonly state: z.ZodType<State>
  /** Upper bound of the state's JSON, bytes; the law suite and the host check it. */
  readonly stateBytesMax: number
  readonly initial: () => State
  /** Mutates `state`. Must not keep or change the observation. A throw is reported, counted, and skips this record for this detector only. */
  readonly observe: (state: State, observation: Extract<Observation, { kind: Kind }>, parameters: Parameters, context: Context) => void
  readonly onTimer?: (state: State, parameters: Parameters, context: Context) => void
}

export interface Detector<Kind extends ObservationKind = ObservationKind, State = unknown, Parameters = unknown> extends Stage<
  Kind,
  State,
  Parameters,
  DetectorContext
> {
  readonly severity: Severity
  /** MITRE ATT&CK techniques (Enterprise or ICS), e.g. `T1110`. */
  readonly attack: readonly string[]
  /** ISO/IEC 27001:2022 Annex A controls, e.g. `A.8.16`. */
  readonly controls: readonly string[]
}

/** What a derivation may say: an observation for the by-cohort topic. */
export interface DerivationContext extends Omit<DetectorContext, 'emit'> {
  readonly derive: (cohort: string, observation: Presence) => void
}

/** A stage that turns one device's observations into observations of a cohort. Same laws as a detector; it finds nothing itself. */
export interface Derivation<Kind extends ObservationKind = ObservationKind, State = unknown, Parameters = unknown> extends Stage<
  Kind,
  State,
  Parameters,
  DerivationContext
> {}

/** Identity, with inference: `observe` sees only the kinds in `accepts`, typed. */
export const defineDetector = <const Kind extends ObservationKind, State, Parameters>(
  detector: Detector<Kind, State, Parameters>,
): Detector<Kind, State, Parameters> => detector

export const defineDerivation = <const Kind extends ObservationKind, State, Parameters>(
  derivation: Derivation<Kind, State, Parameters>,
): Derivation<Kind, State, Parameters> => derivation

/** A detector whose type parameters no longer matter: what lists and hosts hold. */
// oxlint-disable-next-line typescript/no-explicit-any -- existential type: state and parameters are the detector's own business
export type AnyDetector = Detector<any, any, any>
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type AnyDerivation = Derivation<any, any, any>

import type { AttackId, GroundTruthLine } from './ground-truth.ts'

/** A finding, or an alert when it was first seen. */
export interface Sighting {
  readonly detector: string
  readonly device: string
  /** ms since the epoch. */
  readonly at: number
}

export interface AttackScore {
  readonly what: string
  readonly attack: AttackId
  readonly expectedDetector: string
  readonly device: string | null
  readonly address: string | null
  readonly startedAt: number
  /** The detector that named it: the expected one, else the first other that spoke about it, else null. */
  readonly detector: string | null
  /** From the attack's start to that sighting, ms. */
  readonly delayMs: number | null
  /** By the expected detector. */
  readonly found: boolean
}

export interface FalseAlert {
  readonly detector: string
  readonly device: string
  /** Its first sighting, ms. */
  readonly at: number
  readonly count: number
  /** The attack on that device that it misnames; null for one out of the blue. */
  readonly during: AttackId | null
}

export interface Scorecard {
  readonly attacks: readonly AttackScore[]
  /** One per detector and device, as alerts fold. */
  readonly falseAlerts: readonly FalseAlert[]
  readonly secondsToFirstTrueAlert: number | null
}

export interface ScoreOptions {
  readonly truth: readonly GroundTruthLine[]
  readonly sightings: readonly Sighting[]
  /** What seconds count from, ms: when the command was given. */
  readonly startedAtMs: number
  /** A sighting may come this long after the attack ended, ms. */
  readonly graceMs?: number
  /** And this much before it began: clocks of two processes, ms. */
  readonly leadMs?: number
}

/** Joins what was done with what was found. A sighting counts for an attack by its subject, its detector and its time. */
export const scorecard = ({ truth, sightings, startedAtMs, graceMs = 60_000, leadMs = 500 }: ScoreOptions): Scorecard => {
  const ordered = [...sightings].sort((a, b) => a.at - b.at)
  const concerns = (line: GroundTruthLine, { device, at }: Sighting): boolean =>
    line.subjects.includes(device) && at >= line.startedAt - leadMs && at <= line.endedAt + graceMs
  const isTrue = (sighting: Sighting): boolean =>
    truth.some((line) => line.expectedDetector === sighting.detector && concerns(line, sighting))

  const attacks = truth.map((line): AttackScore => {
    const about = ordered.filter((sighting) => concerns(line, sighting))
    const named = about.find(({ detector }) => detector === line.expectedDetector)
    const first = named ?? about.find((sighting) => !isTrue(sighting))
    const { what, attack, expectedDetector, device, address, startedAt } = line
    return {
      what,
      attack,
      expectedDetector,
      device,
      address,
      startedAt,
      detector: first?.detector ?? null,
      delayMs: first === undefined ? null : Math.max(0, first.at - line.startedAt),
      found: named !== undefined,
    }
  })

  const falseAlerts = new Map<string, FalseAlert>()
  for (const sighting of ordered) {
    if (isTrue(sighting)) continue
    const { detector, device, at } = sighting
    const key = JSON.stringify([detector, device])
    const known = falseAlerts.get(key)
    const during = truth.find((line) => concerns(line, sighting))?.attack ?? null
    falseAlerts.set(key, known === undefined ? { detector, device, at, count: 1, during } : { ...known, count: known.count + 1 })
  }
  const firstTrue = ordered.find(isTrue)
  return {
    attacks,
    falseAlerts: [...falseAlerts.values()],
    secondsToFirstTrueAlert: firstTrue === undefined ? null : Math.max(0, firstTrue.at - startedAtMs) / 1_000,
  }
}

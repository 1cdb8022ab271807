import type { CaseEvent } from '../../contracts/case-event.ts'
import type { Suppression, SuppressionScope } from '../../contracts/suppression.ts'

/** Ended ones that are still shown; older ones stand in the log and in ClickHouse. */
export const endedSuppressionsMax = 1_000

/** The fold of the suppressions' events. */
export interface Suppressions {
  apply(event: Extract<CaseEvent, { readonly suppression: string }>): void
  get(id: string): Suppression | undefined
  /** Those in force first, then the newest ended ones. */
  all(): readonly Suppression[]
  /** Not ended by an event: also one whose time is over and whose event is not written yet. */
  readonly active: number
  /** Its time is over, and no event has said so. */
  expired(nowMs: number): readonly Suppression[]
  /**
   * The suppression that hides a detector's finding on a device of a model. Both the finding's own time and now must lie before its end:
   * neither a late event nor a platform that reads old findings lets it hide more than it was made for.
   */
  hiding(
    finding: { readonly detector: string; readonly device: string; readonly at: number },
    model: () => string | null,
    nowMs: number,
  ): Suppression | undefined
}

const scopeKey = (detector: string, scope: SuppressionScope): string =>
  'device' in scope ? `${detector}\ndevice\n${scope.device}` : `${detector}\nmodel\n${scope.model}`

export const createSuppressions = (): Suppressions => {
  const inForce = new Map<string, Suppression>()
  const ended = new Map<string, Suppression>()
  const byScope = new Map<string, Set<string>>()
  const modelsOf = new Map<string, number>()

  const applyAdded = (event: Extract<CaseEvent, { type: 'suppression.added' }>): void => {
    inForce.set(event.suppression, {
      id: event.suppression,
      detector: event.detector,
      scope: event.scope,
      owner: event.actor,
      reason: event.reason,
      createdAt: event.recordedAt,
      expiresAt: event.expiresAt,
      endedAt: null,
      endedBy: null,
      hidden: 0,
      lastHiddenAt: null,
    })
    const key = scopeKey(event.detector, event.scope)
    byScope.set(key, (byScope.get(key) ?? new Set()).add(event.suppression))
    if ('model' in event.scope) modelsOf.set(event.detector, (modelsOf.get(event.detector) ?? 0) + 1)
  }

  const applyEnded = (event: Extract<CaseEvent, { type: 'suppression.ended' }>): void => {
    const before = inForce.get(event.suppression)
    if (before === undefined) return
    inForce.delete(before.id)
    ended.set(before.id, { ...before, endedAt: event.because === 'expired' ? before.expiresAt : event.recordedAt, endedBy: event.actor })
    const key = scopeKey(before.detector, before.scope)
    const here = byScope.get(key)
    here?.delete(before.id)
    if (here?.size === 0) byScope.delete(key)
    if ('model' in before.scope) modelsOf.set(before.detector, modelsOf.get(before.detector)! - 1)
    if (ended.size > endedSuppressionsMax) for (const oldest of ended.keys()) return void ended.delete(oldest)
  }

  const standing = (key: string, at: number, nowMs: number): Suppression | undefined => {
    for (const id of byScope.get(key) ?? []) {
      const found = inForce.get(id)!
      if (at < found.expiresAt && nowMs < found.expiresAt) return found
    }
    return undefined
  }

  return {
    apply(event) {
      if (event.type === 'suppression.added') applyAdded(event)
      else if (event.type === 'suppression.ended') applyEnded(event)
      else {
        const before = inForce.get(event.suppression)
        if (before === undefined) return
        const lastHiddenAt = Math.max(before.lastHiddenAt ?? event.at, event.at)
        inForce.set(before.id, { ...before, hidden: before.hidden + 1, lastHiddenAt })
      }
    },
    get: (id) => inForce.get(id) ?? ended.get(id),
    all: () => [...[...inForce.values()].toReversed(), ...[...ended.values()].toReversed()],
    get active() {
      return inForce.size
    },
    expired: (nowMs) => [...inForce.values()].filter(({ expiresAt }) => expiresAt <= nowMs),
    hiding({ detector, device, at }, model, nowMs) {
      if (inForce.size === 0) return undefined
      const onDevice = standing(scopeKey(detector, { device }), at, nowMs)
      if (onDevice !== undefined || (modelsOf.get(detector) ?? 0) === 0) return onDevice
      const known = model()
      return known === null ? undefined : standing(scopeKey(detector, { model: known }), at, nowMs)
    },
  }
}

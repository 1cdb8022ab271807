import { createHash } from 'node:crypto'
import type { Clock } from '../../contracts/clock.ts'
import { suppressionDaysMax, suppressionScope } from '../../contracts/suppression.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import type { CaseFold } from '../group/fold.ts'
import type { Ledger } from '../ledger.ts'

/** In force at once. More would say that a detector is to be mended instead. */
export const suppressionsMax = 1_000
const dayMs = 86_400_000

/** Throws `RangeError` for what the API's schema does not let through, and beyond `suppressionsMax`. */
export const createSuppressing = ({
  fold,
  ledger,
  clock,
  endExpired,
}: {
  readonly fold: CaseFold
  readonly ledger: Ledger
  readonly clock: Clock
  readonly endExpired: (nowMs: number) => void
}): Pick<TriageDesk, 'suppress' | 'endSuppression' | 'suppressions'> => ({
  async suppress(actor, { detector, scope, reason, expiresAt }) {
    if (ledger.outage !== null) throw ledger.outage
    const nowMs = clock.now()
    endExpired(nowMs)
    if (actor === '') throw new RangeError('a suppression has an owner')
    if (!suppressionScope.safeParse(scope).success) throw new RangeError('a suppression is for one device or one model')
    if (!(expiresAt > nowMs && expiresAt <= nowMs + suppressionDaysMax * dayMs))
      throw new RangeError(`a suppression ends within ${suppressionDaysMax} days`)
    if (fold.suppressions.active >= suppressionsMax) throw new RangeError(`${suppressionsMax} suppressions are in force: end some first`)
    const id = `SU-${createHash('sha256').update(`suppression\n${fold.sequence}\n${fold.lastHash}`).digest('hex').slice(0, 12)}`
    const { durable } = ledger.record([
      { type: 'suppression.added', recordedAt: nowMs, actor, suppression: id, detector, scope, reason, expiresAt },
    ])
    const added = fold.suppressions.get(id)!
    await durable
    return added
  },
  async endSuppression(actor, id) {
    if (ledger.outage !== null) throw ledger.outage
    const nowMs = clock.now()
    endExpired(nowMs)
    const before = fold.suppressions.get(id)
    if (before === undefined) return null
    if (before.endedAt === null)
      ledger.record([{ type: 'suppression.ended', recordedAt: nowMs, actor, suppression: id, because: 'by-hand' }])
    const ended = fold.suppressions.get(id)!
    await ledger.settled()
    return ended
  },
  suppressions: () => fold.suppressions.all(),
})

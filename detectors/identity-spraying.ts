import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import { decimal, span, sureness } from './math/decimal.ts'
import { noteTry, recentTries, recentTriesState } from './math/recent-tries.ts'
import { attemptsTold, claimedIdentity, isGuess } from './sign-in/guess.ts'

/**
 * Refused sign-ins over many identities from one address, few tries each: spraying or stuffing (MITRE ATT&CK T1110.003, T1110.004).
 * Many tries at few identities are `credential-brute-force`; the two exclude each other by tries per identity.
 */
export default defineDetector({
  id: 'identity-spraying',
  version: 1,
  title: 'Identity spraying',
  keyedBy: 'source',
  severity: 'high',
  attack: ['T1110.003', 'T1110.004'],
  controls: ['A.8.5', 'A.5.16', 'A.8.16'],
  accepts: ['session'],
  parameters: z.object({
    /** Different identities refused in the window. */
    identitiesMin: z.int().min(3).max(64).default(8),
    windowMs: z.int().min(1_000).default(300_000),
    /** At this many tries per identity and more it is brute force. */
    triesPerIdentityBelow: z.number().min(1).default(4),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state: z.object({ recent: recentTriesState, firedAt: z.number().nullable() }),
  stateBytesMax: 2_048,
  initial: () => ({ recent: recentTries(), firedAt: null as number | null }),
  observe(state, session, { identitiesMin, windowMs, triesPerIdentityBelow, cooldownMs }, context) {
    if (!isGuess(session)) return
    const at = session.receivedAt
    const { tries, aims, spanMs } = noteTry(state.recent, at, claimedIdentity(session), windowMs, attemptsTold(session))
    if (aims < identitiesMin || tries >= triesPerIdentityBelow * aims) return
    if (state.firedAt !== null && at - state.firedAt < cooldownMs) return
    state.firedAt = at
    context.emit({
      score: sureness(aims, identitiesMin),
      why: `${session.address} was refused as ${aims} different identities within ${span(spanMs)}, ${decimal(tries / aims)} tries each; fewer than ${identitiesMin} in ${span(windowMs)} is usual.`,
      evidence: [
        { feature: 'identities refused', observed: aims, expected: identitiesMin, unit: `1/${span(windowMs)}` },
        { feature: 'tries per identity', observed: Number(decimal(tries / aims)), expected: triesPerIdentityBelow, unit: '1' },
        { feature: 'last identity tried', observed: session.device ?? session.userName ?? 'none given', expected: 'none', unit: 'name' },
      ],
      site: session.site,
    })
  },
})

import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import { decimal, span, sureness } from './math/decimal.ts'
import { noteTry, recentTries, recentTriesState } from './math/recent-tries.ts'
import { attemptsTold, claimedIdentity, isGuess } from './sign-in/guess.ts'

/**
 * Many refused sign-ins from one address at few identities: password guessing (MITRE ATT&CK T1110.001).
 * Many identities with few tries each are `identity-spraying`; the two exclude each other by tries per identity.
 */
export default defineDetector({
  id: 'credential-brute-force',
  version: 1,
  title: 'Credential brute force',
  keyedBy: 'source',
  severity: 'high',
  attack: ['T1110.001'],
  controls: ['A.8.5', 'A.5.17', 'A.8.16'],
  accepts: ['session'],
  parameters: z.object({
    /** Refusals in the window, at one identity or on average at the rate below. */
    refusalsMin: z.int().min(3).max(64).default(10),
    windowMs: z.int().min(1_000).default(60_000),
    /** From this many identities on it is spraying. Keep equal to identity-spraying's `identitiesMin`. */
    identitiesBelow: z.int().min(2).default(8),
    /** Keep equal to identity-spraying's `triesPerIdentityBelow`. */
    triesPerIdentityMin: z.number().min(1).default(4),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state: z.object({ recent: recentTriesState, firedAt: z.number().nullable() }),
  stateBytesMax: 2_048,
  initial: () => ({ recent: recentTries(), firedAt: null as number | null }),
  observe(state, session, { refusalsMin, windowMs, identitiesBelow, triesPerIdentityMin, cooldownMs }, context) {
    if (!isGuess(session)) return
    const at = session.receivedAt
    const { tries, aims, mostAtOne, spanMs } = noteTry(state.recent, at, claimedIdentity(session), windowMs, attemptsTold(session))
    if (tries < refusalsMin || aims >= identitiesBelow) return
    if (mostAtOne < refusalsMin && tries < triesPerIdentityMin * aims) return
    if (state.firedAt !== null && at - state.firedAt < cooldownMs) return
    state.firedAt = at
    const identities = aims === 1 ? 'one identity' : `${aims} identities`
    context.emit({
      score: sureness(tries, refusalsMin),
      why: `${tries} sign-ins from ${session.address} at ${identities} were refused within ${span(spanMs)} (${mostAtOne} at the same one); fewer than ${refusalsMin} in ${span(windowMs)} is usual.`,
      evidence: [
        { feature: 'refused sign-ins', observed: tries, expected: refusalsMin, unit: `1/${span(windowMs)}` },
        { feature: 'tries per identity', observed: Number(decimal(tries / aims)), expected: triesPerIdentityMin, unit: '1' },
        { feature: 'last identity tried', observed: session.device ?? session.userName ?? 'none given', expected: 'none', unit: 'name' },
      ],
      site: session.site,
    })
  },
})

import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import { isIdentifier } from '../contracts/identifiers.ts'
import type { Session } from '../contracts/observation.ts'
import { addToSlidingCount, slidingCount, slidingCountState } from './math/sliding-count.ts'
import { textHash } from './math/text-hash.ts'

const identitiesMax = 16

/** What the refusal says about who knocked; null for a refusal that is no rogue device (a guess, a scan, an expired certificate). */
const chargeOf = (session: Session): { charge: string; score: number } | null => {
  if (session.event !== 'refused') return null
  switch (session.reason) {
    case 'revoked':
      return { charge: 'its identity is revoked', score: 0.95 }
    case 'untrusted-certificate':
      return { charge: 'no trusted authority signed its certificate', score: 0.85 }
    case 'wrong-purpose':
      return { charge: 'its certificate is not one for devices', score: 0.75 }
    case 'unknown-identity':
      // A name and password that nobody knows is a guess, and belongs to brute force or spraying.
      return session.fingerprint === null ? null : { charge: 'its certificate belongs to no enrolled device', score: 0.85 }
    default:
      return null
  }
}

/**
 * A device that must not be here: revoked, unknown with a certificate, or with an untrusted certificate. One attempt is worth a finding;
 * repeats of the same identity are folded. MITRE ATT&CK T1200 (hardware additions), T1078 (valid accounts), ICS T0848 (rogue master).
 */
export default defineDetector({
  id: 'rogue-device',
  version: 1,
  title: 'Rogue device',
  keyedBy: 'source',
  severity: 'high',
  attack: ['T1200', 'T1078', 'T0848'],
  controls: ['A.5.16', 'A.8.1', 'A.8.5', 'A.8.20'],
  accepts: ['session'],
  parameters: z.object({
    /** The same identity is told again after this. */
    cooldownMs: z.int().min(0).default(60_000),
    /** Findings of one address in a cooldown; what is beyond is counted in the next. */
    findingsMax: z.int().min(1).default(5),
  }),
  state: z.object({
    /** Hash of an identity, when it was told, ms, and attempts since: three numbers each, oldest first. */
    told: z.array(z.number()).max(identitiesMax * 3),
    findings: slidingCountState,
    /** Attempts that were not told because of `findingsMax`. */
    untold: z.number(),
  }),
  stateBytesMax: 2_048,
  initial: () => ({ told: [] as number[], findings: slidingCount(), untold: 0 }),
  observe(state, session, { cooldownMs, findingsMax }, context) {
    const found = chargeOf(session)
    if (found === null) return
    const at = session.receivedAt
    const identity = textHash(`${session.device ?? ''}/${session.fingerprint ?? ''}/${session.reason ?? ''}`)
    const told = state.told
    let i = 0
    while (i < told.length && told[i] !== identity) i += 3
    let attempts = 1
    if (i < told.length) {
      attempts += told[i + 2]!
      if (at - told[i + 1]! < cooldownMs) {
        told[i + 2] = attempts
        return
      }
    }
    if (addToSlidingCount(state.findings, at, Math.max(cooldownMs, 10), 0) >= findingsMax) {
      state.untold++
      return
    }
    addToSlidingCount(state.findings, at, Math.max(cooldownMs, 10))
    told.splice(i, 3)
    if (told.length === identitiesMax * 3) told.splice(0, 3)
    told.push(identity, at, 0)
    const claimed = session.device
    const who = claimed === null ? 'A nameless client' : `A client that claims to be ${claimed.slice(0, 64)}`
    const times = attempts === 1 ? 'once' : `${attempts} times since it was last told`
    const others = state.untold === 0 ? '' : `; ${state.untold} more attempts from there under other identities are not listed`
    state.untold = 0
    context.emit({
      score: found.score,
      why: `${who} was refused ${times} at ${session.address}: ${found.charge}${others}; an enrolled device is refused 0 times for that.`,
      evidence: [
        { feature: 'refusal', observed: session.reason ?? '', expected: 'none', unit: 'reason' },
        { feature: 'attempts', observed: attempts, expected: 0, unit: '1' },
        { feature: 'certificate', observed: session.fingerprint ?? 'none', expected: 'one of an enrolled device', unit: 'SHA-256' },
        { feature: 'address', observed: session.address, expected: 'none', unit: 'address' },
      ],
      ...(claimed !== null && isIdentifier(claimed) ? { device: claimed } : {}),
      site: session.site,
    })
  },
})

import type { Session } from '../../contracts/observation.ts'
import { textHash } from '../math/text-hash.ts'

/**
 * Whether a refusal was an attempt at a secret: a name and a password that were turned down. What comes with a certificate, or never
 * got as far as a sign-in (a scan, a broken handshake, a rate limit), is not.
 */
export const isGuess = (session: Session): boolean => {
  if (session.event !== 'refused') return false
  const reason = session.reason
  return (
    reason === 'bad-credentials' || reason === 'password-not-enabled' || (reason === 'unknown-identity' && session.fingerprint === null)
  )
}

/** Who the attempt claimed to be, hashed; all nameless attempts are one. */
export const claimedIdentity = (session: Session): number => textHash(session.device ?? session.userName ?? session.clientId ?? '')

/** How many attempts the record stands for: under a flood of refusals the broker tells many as one, with their number. */
export const attemptsTold = (session: Session): number => Math.max(1, Math.floor(session.amount ?? 1))

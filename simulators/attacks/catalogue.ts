import type { AttackId } from '../ground-truth.ts'
import type { Attack } from './attack.ts'
import { clonedIdentity } from './cloned-identity.ts'
import { credentialBruteForce } from './credential-brute-force.ts'
import { flood } from './flood.ts'
import { identitySpraying } from './identity-spraying.ts'
import { implausibleVitals } from './implausible-vitals.ts'
import { levelShift } from './level-shift.ts'
import { replay } from './replay.ts'
import { rogueDevice } from './rogue-device.ts'
import { silence } from './silence.ts'
import { siteSilence } from './site-silence.ts'
import { topicAbuse } from './topic-abuse.ts'

/** Every attack by its id. */
export const attacks: Readonly<Record<AttackId, Attack>> = {
  'credential-brute-force': credentialBruteForce,
  'identity-spraying': identitySpraying,
  'rogue-device': rogueDevice,
  'cloned-identity': clonedIdentity,
  'topic-abuse': topicAbuse,
  replay,
  flood,
  silence,
  'implausible-vitals': implausibleVitals,
  'level-shift': levelShift,
  'site-silence': siteSilence,
}

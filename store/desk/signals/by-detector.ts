import { clonedIdentitySignals } from './cloned-identity.ts'
import { ageSignals, amountSignals } from './received.ts'
import { denialSignals, refusalSignals } from './sessions.ts'
import type { SignalBuilder } from './signal-request.ts'
import { silenceSignals } from './silence.ts'
import { unknownDetectorSignals } from './unknown-detector.ts'
import { vitalSignals } from './vital.ts'

/** What an alert of a detector is plotted from. */
const byDetector: ReadonlyMap<string, SignalBuilder> = new Map([
  ['implausible-vitals', vitalSignals],
  ['level-shift', vitalSignals],
  ['flood', amountSignals],
  ['silence', silenceSignals],
  ['replay', ageSignals],
  ['credential-brute-force', refusalSignals],
  ['identity-spraying', refusalSignals],
  ['rogue-device', refusalSignals],
  ['topic-abuse', denialSignals],
  ['cloned-identity', clonedIdentitySignals],
])

export const builderOf = (detector: string): SignalBuilder => byDetector.get(detector) ?? unknownDetectorSignals

import { counterSignals } from './received.ts'
import { moveSignals } from './sessions.ts'
import type { SignalBuilder } from './signal-request.ts'

/** Found by sessions that wrest the identity from each other, or by two message counters. */
export const clonedIdentitySignals: SignalBuilder = (request, sources) =>
  request.alert.evidence.some(({ feature }) => feature === 'returns to the other counter')
    ? counterSignals(request, sources)
    : moveSignals(request, sources)

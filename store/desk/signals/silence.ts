import { amountSignals, isDevice } from './received.ts'
import type { SignalBuilder } from './signal-request.ts'
import { siteSignals } from './site.ts'

export const silenceSignals: SignalBuilder = (request, sources) =>
  isDevice(request.alert) ? amountSignals(request, sources) : siteSignals(request, sources)

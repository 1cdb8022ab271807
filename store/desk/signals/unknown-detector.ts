import { amountSignals, isDevice } from './received.ts'
import { refusalSignals } from './sessions.ts'
import type { SignalBuilder } from './signal-request.ts'
import { siteSignals } from './site.ts'
import { vitalOf } from './vital-features.ts'
import { vitalSignals } from './vital.ts'

/** For a detector that has no entry: what its evidence and its device allow. The platform's own alerts (`channel:`) have no signal. */
export const unknownDetectorSignals: SignalBuilder = async (request, sources) => {
  const { device } = request.alert
  if (vitalOf(request.alert) !== null) return vitalSignals(request, sources)
  if (device.startsWith('address:')) return refusalSignals(request, sources)
  if (device.startsWith('site:')) return siteSignals(request, sources)
  return isDevice(request.alert) ? amountSignals(request, sources) : []
}

import type { Alert } from '../../../contracts/alert.ts'
import { bucketFor } from '../buckets.ts'
import { countedPlot, perBucket } from '../plot.ts'
import type { SessionFilter } from '../session-history.ts'
import { evidenceText, type SignalBuilder, type SignalRequest, type SignalSources, usualUntil } from './signal-request.ts'

/** Events of sessions are rare: a finer bucket shows single events. Ms. */
const sessionBucketMin = 30_000
const addressPrefix = 'address:'

/** An alert about a source names its address, one about a device names that. */
export const sessionsOf = ({ device }: Pick<Alert, 'device'>, events: readonly string[]): SessionFilter =>
  device.startsWith(addressPrefix)
    ? { by: 'address', value: device.slice(addressPrefix.length), events }
    : { by: 'device', value: device, events }

const history = async (filter: SessionFilter, { range, anomaly }: SignalRequest, { sessions }: SignalSources) => {
  const bucketMs = bucketFor(range, sessionBucketMin)
  const [points, usual] = await Promise.all([
    sessions.points(filter, range, bucketMs),
    sessions.usual(filter, usualUntil(anomaly), bucketMs),
  ])
  return { points, usual, bucketMs }
}

/** Refused sign-ins; beside them the identities tried from the address, or what else was tried from where the device's name was used. */
export const refusalSignals: SignalBuilder = async (request, sources) => {
  const { alert, anomaly } = request
  const filter = sessionsOf(alert, ['refused'])
  const { points, usual, bucketMs } = await history(filter, request, sources)
  const primary = countedPlot(
    { id: 'refused', title: 'Refused sign-ins', unit: perBucket(bucketMs), role: 'primary', points: points.events, learned: usual.events, anomaly },
    sources.alive,
  ) // prettier-ignore
  const address = filter.by === 'device' ? evidenceText(alert, 'address') : null
  if (address === null) {
    const [id, title, of] =
      filter.by === 'address'
        ? (['identities', 'Identities tried', 'identities'] as const)
        : (['addresses', 'Addresses', 'addresses'] as const)
    const related = {
      id,
      title,
      unit: `different ${perBucket(bucketMs)}`,
      role: 'related',
      points: points[of],
      learned: usual[of],
      anomaly,
    } as const
    return [primary, countedPlot(related, sources.alive)]
  }
  const from = await history({ by: 'address', value: address, events: ['refused'] }, request, sources)
  return [
    primary,
    countedPlot(
      { id: 'refused-from', title: `Refused sign-ins from ${address}`, unit: perBucket(bucketMs), role: 'related', points: from.points.events, learned: from.usual.events, anomaly },
      sources.alive,
    ),
  ] // prettier-ignore
}

/** Publishes and subscriptions that the access list denied; beside them what the device was connected with. */
export const denialSignals: SignalBuilder = async (request, sources) => {
  const { alert, anomaly } = request
  const [denied, connects] = await Promise.all([
    history(sessionsOf(alert, ['aclDenied']), request, sources),
    history(sessionsOf(alert, ['connect']), request, sources),
  ])
  const plot = (id: string, title: string, role: 'primary' | 'related', { points, usual, bucketMs }: typeof denied) =>
    countedPlot({ id, title, unit: perBucket(bucketMs), role, points: points.events, learned: usual.events, anomaly }, sources.alive)
  return [plot('denied', 'Denied topics', 'primary', denied), plot('connects', 'Connections', 'related', connects)]
}

/** How often the identity was taken over or connected anew, and from how many addresses. */
export const moveSignals: SignalBuilder = async (request, sources) => {
  const { alert, anomaly } = request
  const { points, usual, bucketMs } = await history(sessionsOf(alert, ['connect', 'takeover']), request, sources)
  const unit = perBucket(bucketMs)
  return [
    countedPlot({ id: 'connects', title: 'Connections and takeovers', unit, role: 'primary', points: points.events, learned: usual.events, anomaly }, sources.alive),
    countedPlot({ id: 'addresses', title: 'Addresses', unit: `different ${unit}`, role: 'related', points: points.addresses, learned: usual.addresses, anomaly }, sources.alive),
  ] // prettier-ignore
}

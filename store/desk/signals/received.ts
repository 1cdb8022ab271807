import type { Alert } from '../../../contracts/alert.ts'
import type { Signal } from '../../../contracts/api/alerts.ts'
import { bucketFor, isEmpty, withoutFalseGaps } from '../buckets.ts'
import { countedPlot, measuredPlot, perBucket } from '../plot.ts'
import type { ReceivedPoints, UsualReceived } from '../received-history.ts'
import { evidenceNumber, type SignalBuilder, type SignalRequest, type SignalSources, usualUntil } from './signal-request.ts'

/** Below this a count by bucket is mostly a device's rhythm, ms. */
const countBucketMin = 10_000
/** So many usual intervals make a bucket whose count says something. */
const intervalsPerBucket = 4

/** Which bucket shows the device's usual rhythm as a level: from what it sent, or else from what the finding says of it. */
const rhythmOf = async ({ alert, range, anomaly }: SignalRequest, { received }: SignalSources): Promise<ReceivedPoints> => {
  const told = evidenceNumber(alert, 'not heard for', 'expected')
  const finest = bucketFor(range, Math.max(countBucketMin, Math.min((told ?? 0) * intervalsPerBucket, 86_400_000)))
  const points = await received.points(alert.device, range, finest)
  const coarse = withoutFalseGaps(points.readings, intervalsPerBucket, anomaly.from).bucketMs
  return coarse === finest ? points : received.points(alert.device, range, coarse)
}

interface Behaviour {
  readonly points: ReceivedPoints
  readonly usual: UsualReceived
}

const behaviour = async (request: SignalRequest, sources: SignalSources): Promise<Behaviour> => {
  const points = await rhythmOf(request, sources)
  return { points, usual: await sources.received.usual(request.alert.device, usualUntil(request.anomaly), points.readings.bucketMs) }
}

const readingsPlot = ({ points, usual }: Behaviour, role: Signal['role'], { anomaly }: SignalRequest, { alive }: SignalSources): Signal =>
  countedPlot(
    {
      id: 'readings',
      title: 'Readings',
      unit: perBucket(points.readings.bucketMs),
      role,
      points: points.readings,
      learned: usual.readings,
      anomaly,
    },
    alive,
  )

const bytesPlot = ({ points, usual }: Behaviour, { anomaly }: SignalRequest, { alive }: SignalSources): Signal =>
  countedPlot(
    { id: 'bytes', title: 'Payload bytes', unit: `bytes ${perBucket(points.bytes.bucketMs)}`, role: 'related', points: points.bytes, learned: usual.bytes, anomaly },
    alive,
  ) // prettier-ignore

/** The message counter: two of them, or an old one, show as a spread or a fall. */
const sequencePlot = ({ points }: Behaviour, role: Signal['role'], { anomaly }: SignalRequest): Signal =>
  measuredPlot({ id: 'sequence', title: 'Message counter', unit: 'seq', role, points: points.sequence, learned: null, anomaly })

/** How much came, in readings and in bytes. */
export const amountSignals: SignalBuilder = async (request, sources) => {
  const found = await behaviour(request, sources)
  return [readingsPlot(found, 'primary', request, sources), bytesPlot(found, request, sources)]
}

/** How old what came was by the device's own clock, and how much came. A device without a clock shows its message counter. */
export const ageSignals: SignalBuilder = async (request, sources) => {
  const found = await behaviour(request, sources)
  const { points, usual } = found
  const { anomaly } = request
  const age = isEmpty(points.lagSeconds)
    ? sequencePlot(found, 'primary', request)
    : measuredPlot({
        id: 'lag', title: 'Age on arrival', unit: 's', role: 'primary', points: points.lagSeconds, learned: usual.lagSeconds, anomaly,
      }) // prettier-ignore
  return [age, readingsPlot(found, 'related', request, sources)]
}

/** The message counter of a device whose readings come from two. */
export const counterSignals: SignalBuilder = async (request, sources) => {
  const found = await behaviour(request, sources)
  return [sequencePlot(found, 'primary', request), readingsPlot(found, 'related', request, sources)]
}

/** Whether an alert is about a device itself, and not about a source, a site or a channel. */
export const isDevice = ({ device }: Pick<Alert, 'device'>): boolean => !/^(address|site|channel):/.test(device)

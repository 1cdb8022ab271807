import { bucketFor } from '../buckets.ts'
import { countedPlot, measuredPlot, perBucket } from '../plot.ts'
import { type SignalBuilder, usualUntil } from './signal-request.ts'

const sitePrefix = 'site:'

/** How many of a site's devices are heard in a minute, and their readings. */
export const siteSignals: SignalBuilder = async ({ alert, range, anomaly }, { sites, alive }) => {
  const site = alert.device.startsWith(sitePrefix) ? alert.device.slice(sitePrefix.length) : (alert.site ?? alert.device)
  const bucketMs = bucketFor(range, 60_000)
  const [points, learned] = await Promise.all([sites.points(site, range, bucketMs), sites.usual(site, usualUntil(anomaly))])
  const heard = measuredPlot({
    id: 'devices-heard', title: 'Devices heard', unit: 'a minute', role: 'primary', points: points.devices, learned, anomaly,
  }) // prettier-ignore
  // A site of which nothing was heard has no row: that is the anomaly itself, and not a gap.
  const zero = (values: (number | null)[]): (number | null)[] =>
    values.map((value, i) => value ?? (alive.isAlive({ from: heard.times[i]!, to: heard.times[i]! + bucketMs }) ? 0 : null))
  return [
    { ...heard, values: zero(heard.values), low: zero(heard.low), high: zero(heard.high) },
    countedPlot(
      { id: 'readings', title: 'Readings', unit: perBucket(bucketMs), role: 'related', points: points.readings, learned: null, anomaly },
      alive,
    ),
  ]
}

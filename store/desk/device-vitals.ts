import type { Signal } from '../../contracts/api/alerts.ts'
import { vitalNamed } from '../../contracts/vitals.ts'
import { type Range, withoutFalseGaps } from './buckets.ts'
import { measuredPlot } from './plot.ts'
import type { VitalHistory } from './vital-history.ts'

const rangeMsMax = 7 * 86_400_000
const rangeMsMin = 60_000

/** Vitals of a device over at most 7 days, all that it sent when none are named; the band is what was usual before the range. */
export const deviceVitals = async (
  device: string,
  asked: Range,
  names: readonly string[] | null,
  nowMs: number,
  history: VitalHistory,
): Promise<readonly Signal[]> => {
  // Whole milliseconds: the store can be asked for no others.
  const to = Math.ceil(Math.max(rangeMsMin, Math.min(asked.to, nowMs)))
  const range = { from: Math.floor(Math.max(0, Math.min(asked.from, to - rangeMsMin), to - rangeMsMax)), to }
  const shown = [...new Set(names ?? (await history.names(device, range)))]
  const [points, learned] = await Promise.all([history.points(device, shown, range), history.learned(device, shown, range.from)])
  return [...points].map(([name, found], i) => {
    const row = vitalNamed(name)
    return measuredPlot({
      id: name,
      title: row?.title ?? name,
      unit: row?.unit ?? '',
      role: i === 0 ? 'primary' : 'related',
      points: withoutFalseGaps(found, 2),
      learned: learned.get(name) ?? null,
      anomaly: null,
    })
  })
}

import type { Signal } from '../../../contracts/api/alerts.ts'
import { vitalNamed } from '../../../contracts/vitals.ts'
import type { Learned } from '../band.ts'
import { isEmpty, withoutFalseGaps } from '../buckets.ts'
import { measuredPlot } from '../plot.ts'
import { type SignalBuilder, usualUntil } from './signal-request.ts'
import { vitalOf } from './vital-features.ts'

/** The vital that the evidence names, and beside it the one that contradicts it or the likeliest companion that the device sends. */
export const vitalSignals: SignalBuilder = async ({ alert, range, anomaly }, { vitals }) => {
  const about = vitalOf(alert)
  if (about === null) return []
  const learnedOf = async (name: string): Promise<Learned | null> =>
    (await vitals.learned(alert.device, [name], usualUntil(anomaly))).get(name) ?? null
  const primaryLearned = learnedOf(about.name)
  // Awaited below; a rejection meanwhile is not nobody's.
  primaryLearned.catch(() => {})
  const points = await vitals.points(alert.device, [about.name, ...about.beside], range)
  const companion = about.beside.find((name) => !isEmpty(points.get(name)!))
  const plot = (name: string, role: 'primary' | 'related', learned: Learned | null): Signal => {
    const row = vitalNamed(name)
    const shown = withoutFalseGaps(points.get(name)!, 2, anomaly.from)
    return measuredPlot({ id: name, title: row?.title ?? name, unit: row?.unit ?? '', role, points: shown, learned, anomaly })
  }
  const companionLearned = companion === undefined ? null : await learnedOf(companion)
  return [
    plot(about.name, 'primary', await primaryLearned),
    ...(companion === undefined ? [] : [plot(companion, 'related', companionLearned)]),
  ]
}

import { vitalNamed } from '../../../contracts/vitals.ts'
import { isEmpty, type Points, withoutFalseGaps } from '../buckets.ts'
import { measuredPlot } from '../plot.ts'
import type { SignalBuilder } from './signal-request.ts'
import { vitalOf } from './vital-features.ts'

/** The vital that the evidence names, and beside it the one that contradicts it or the likeliest companion that the device sends. */
export const vitalSignals: SignalBuilder = async ({ alert, range, anomaly }, { vitals }) => {
  const about = vitalOf(alert)
  if (about === null) return []
  const names = [about.name, ...about.beside]
  const [points, learned] = await Promise.all([
    vitals.points(alert.device, names, range),
    vitals.learned(alert.device, names, anomaly.from),
  ])
  const companion = about.beside.find((name) => !isEmpty(points.get(name)!))
  const plot = (name: string, role: 'primary' | 'related', found: Points) => {
    const row = vitalNamed(name)
    const shown = withoutFalseGaps(found, 2, anomaly.from)
    return measuredPlot({
      id: name, title: row?.title ?? name, unit: row?.unit ?? '', role, points: shown, learned: learned.get(name) ?? null, anomaly,
    }) // prettier-ignore
  }
  return [
    plot(about.name, 'primary', points.get(about.name)!),
    ...(companion === undefined ? [] : [plot(companion, 'related', points.get(companion)!)]),
  ]
}

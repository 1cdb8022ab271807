import type { Signal } from '../../../../contracts/api/alerts.ts'
import type { Stage } from '../../../../contracts/api/pipeline.ts'

/** A stage's last five minutes as a plot: one value a second, up to now. */
export const historySignal = (stage: Stage, nowMs: number): Signal => {
  const end = Math.floor(nowMs / 1_000) * 1_000
  const values = [...stage.history]
  return {
    id: stage.id,
    title: `${stage.title}, in`,
    unit: '1/s, last 5 min',
    role: 'related',
    bucketMs: 1_000,
    times: values.map((_, at) => end - (values.length - 1 - at) * 1_000),
    values,
    low: values,
    high: values,
    band: null,
    learning: null,
    anomaly: null,
  }
}

import type { Severity } from '../../../../contracts/finding.ts'
import { sparkPaths } from './spark-paths.ts'
import { useSpark } from './use-sparks.ts'

export const sparkWidth = 58
export const sparkHeight = 18

/** The signal in small: usual in grey, the anomalous tail in its severity's colour. */
export const Sparkline = ({ id, severity }: { id: string; severity: Severity }) => {
  const spark = useSpark(id)
  if (spark === undefined) return null
  const { usual, anomaly } = sparkPaths(spark.values, spark.anomalyFrom, sparkWidth, sparkHeight)
  return (
    <svg className="spark" width={sparkWidth} height={sparkHeight} viewBox={`0 0 ${sparkWidth} ${sparkHeight}`} aria-hidden="true">
      <path d={usual} />
      <path d={anomaly} className={`f-${severity}`} />
    </svg>
  )
}

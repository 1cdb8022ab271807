import type { QueryParameters } from './desk-connection.ts'
import { type SparkSource, type SparkWindow, sparkBuckets } from './spark-window.ts'

/** What a question found for a window's bucket. */
export type Found = readonly [window: number, bucket: number, value: number]

export const hourMs = 3_600_000

/** The windows of some kinds as parallel arrays, and the whole hours that they touch: by those the tables' order is used. */
export const bound = (windows: readonly SparkWindow[], isMeant: (source: SparkSource) => boolean) => {
  const meant = windows.map((window, i) => ({ ...window, i })).filter(({ source }) => isMeant(source))
  const hours = meant.flatMap(({ source, from, bucketMs }) => {
    const [first, last] = [Math.floor(from / hourMs), Math.floor((from + sparkBuckets * bucketMs - 1) / hourMs)]
    return Array.from({ length: last - first + 1 }, (_, n) => ({ source, hour: (first + n) * 3_600 }))
  })
  return { meant, hours }
}
/** The windows as a table to join with. Parameters: `windowArrays`. */
export const windowsSql = `
  SELECT i, kind, who, what, begin, step FROM (
    SELECT {windowIndexes:Array(UInt32)} AS ids, {windowKinds:Array(String)} AS kinds, {windowWho:Array(String)} AS whos, {windowWhat:Array(String)} AS whats,
      {windowBegins:Array(Int64)} AS begins, {windowSteps:Array(Int64)} AS steps
  ) ARRAY JOIN ids AS i, kinds AS kind, whos AS who, whats AS what, begins AS begin, steps AS step`

export const windowArrays = (windows: readonly (SparkWindow & { readonly i: number })[]): QueryParameters => ({
  windowIndexes: windows.map(({ i }) => i),
  windowKinds: windows.map(({ source }) => source.kind),
  windowWho: windows.map(({ source }) => source.who),
  windowWhat: windows.map(({ source }) => source.what),
  windowBegins: windows.map(({ from }) => from / 1_000),
  windowSteps: windows.map(({ bucketMs }) => bucketMs / 1_000),
})

/** How a figure of a role's statistics is told to Prometheus. */
export interface MetricSpec {
  /** Behind `wardwatch_`; base units (seconds, bytes) and `_total` as Prometheus wants them. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** The label that a record's keys become; `partition` stands for `topic` and `partition`. */
  readonly by?: string
  /** What a figure is multiplied by: 0.001 from ms to seconds. */
  readonly scale?: number
  /** A text that is there is 1, null is 0. */
  readonly presence?: true
}

/** By the path of the figure in the statistics, `checkpoint.lastMs`. Null: told elsewhere, or for nobody. */
export type MetricTable = Readonly<Record<string, MetricSpec | null>>

type More = Pick<MetricSpec, 'by'>

export const counter = (name: string, help: string, more: More = {}): MetricSpec => ({
  name: `${name}_total`,
  type: 'counter',
  help,
  ...more,
})
export const gauge = (name: string, help: string, more: More = {}): MetricSpec => ({ name, type: 'gauge', help, ...more })
/** A number of milliseconds. */
export const seconds = (name: string, help: string, more: More = {}): MetricSpec => ({
  name: `${name}_seconds`,
  type: 'gauge',
  help,
  scale: 0.001,
  ...more,
})
/** A histogram of milliseconds. */
export const latency = (name: string, help: string): MetricSpec => ({ name: `${name}_seconds`, type: 'histogram', help, scale: 0.001 })
export const presence = (name: string, help: string): MetricSpec => ({ name, type: 'gauge', help, presence: true })

/** One line of `/metrics` before it is text. */
export interface Sample {
  readonly spec: Pick<MetricSpec, 'name' | 'type' | 'help'>
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: string
}

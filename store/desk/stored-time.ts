/** A bound moment (ms) as the tables' DateTime64(3, 'UTC'). */
export const moment = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`

/** A DateTime64(3) column as ms. */
export const milliseconds = (column: string): string => `toUnixTimestamp64Milli(${column})`

/** A reading's own time lies at most this far before and after its arrival (landing/stored-values.ts), ms. */
export const atBehindMax = 7 * 86_400_000
export const atAheadMax = 60_000
/** A row lands after it was received, were it not for two machines' clocks: so much they may differ, ms. Older partitions are then not looked at. */
export const landedBeforeMax = 86_400_000

/** What one question of an analyst may take. */
export interface AnalystLimits {
  readonly rowsMax: number
  readonly timeoutMs: number
  readonly memoryBytesMax: number
}

export const analystLimitsDefault: AnalystLimits = { rowsMax: 10_000, timeoutMs: 10_000, memoryBytesMax: 400_000_000 }

/** The settings that make a connection an analyst's. `readonly = 1` also freezes all of them. */
export const analystSettings = (limits: AnalystLimits): readonly (readonly [string, string | number])[] => [
  ['limit', limits.rowsMax],
  ['max_execution_time', limits.timeoutMs / 1_000],
  ['timeout_overflow_mode', 'throw'],
  ['max_memory_usage', limits.memoryBytesMax],
  ['max_threads', 1],
  ['max_ast_elements', 20_000],
  ['max_query_size', 65_536],
  ['allow_ddl', 0],
  ['allow_introspection_functions', 0],
  ['readonly', 1],
]

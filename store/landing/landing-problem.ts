/** Why an insert failed, in a sentence: what a constraint of ours says is its condition (migration 0031). */
export const landingProblem = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  return text.includes('begun_in_time')
    ? 'the insert came later than it may (begun_in_time): it was held up on its way, or the clock of ClickHouse was set'
    : text
}

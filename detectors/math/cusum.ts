/**
 * One side of Page's cumulative sum: how much evidence has gathered that values lie `slack` or more above nought.
 * E. S. Page: Continuous Inspection Schemes, Biometrika 41 (1954). `value` is in units of the shift that is looked for.
 */
export const cusum = (sum: number, value: number, slack: number): number => Math.max(0, Math.round((sum + value - slack) * 1_000) / 1_000)

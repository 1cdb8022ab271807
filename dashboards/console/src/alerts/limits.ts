/** contracts/case-event.ts has the same limits (limits.test.ts compares). */
export const undoMs = 10_000
export const bulkAlertsMax = 500

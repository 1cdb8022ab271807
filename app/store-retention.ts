import type { RetentionSettings } from '../store/retention.ts'
import type { Config } from './config.ts'

/** Days by kind of row, as the store counts them. */
export const storeRetention = (store: Config['store']): RetentionSettings => ({
  readingsDays: store.readingsDays,
  redeliveriesDays: store.readingsDays,
  readingsByMinuteDays: store.minutesDays,
  sessionsDays: store.sessionsDays,
  posturesDays: store.sessionsDays,
  findingsDays: store.findingsDays,
  deadLettersDays: store.deadLettersDays,
})

import { envelopeTime } from './envelope.ts'
import type { LogRecord } from './event-log.ts'

/** An edge's clock may be so much ahead of the log's. */
export const aheadMsMax = 5_000

/** Whether the edge says that it received the record after the log had it, by more than `aheadMsMax`: its clock is wrong, or the log's. */
export const isAhead = ({ value, appendedAtMs }: Pick<LogRecord, 'value' | 'appendedAtMs'>): boolean =>
  appendedAtMs !== undefined && envelopeTime(value) - appendedAtMs > aheadMsMax

/**
 * When an envelope of the log was received, ms: as its edge says, but where that is ahead of the log, the log's own time. One edge with a wrong clock would
 * otherwise move the time of all that is detected, for good. Behind is another matter: a record may have waited long for the log.
 */
export const receivedAtOf = (record: Pick<LogRecord, 'value' | 'appendedAtMs'>): number =>
  isAhead(record) ? record.appendedAtMs! : envelopeTime(record.value)

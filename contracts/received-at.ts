import { envelopeTime } from './envelope.ts'
import type { LogRecord } from './event-log.ts'

/** An edge's clock may be so much ahead of the log's. */
export const aheadMsMax = 5_000

/** When a record was received that its edge says was received at `toldMs`: the log's own time where that says more than `aheadMsMax` less. */
export const believedAt = (toldMs: number, appendedAtMs: number | undefined): number =>
  appendedAtMs !== undefined && toldMs - appendedAtMs > aheadMsMax ? appendedAtMs : toldMs

/**
 * When an envelope of the log was received, ms: as its edge says, but where that is ahead of the log, the log's own time. One edge with a wrong clock would
 * otherwise move the time of all that is detected, for good. Behind is another matter: a record may have waited long for the log.
 */
export const receivedAtOf = ({ value, appendedAtMs }: Pick<LogRecord, 'value' | 'appendedAtMs'>): number =>
  believedAt(envelopeTime(value), appendedAtMs)

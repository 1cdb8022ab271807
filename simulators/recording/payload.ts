import { wardwatchJson } from '../payloads/wardwatch-json.ts'
import type { RecordedMessage } from './read-recording.ts'

/** The bytes of a recorded message: the same in a live replay and in a backtest. */
export const recordingToPayload = ({ ts, seq, vitals }: RecordedMessage): Buffer => wardwatchJson({ ts, seq, vitals })

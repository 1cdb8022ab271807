import type { PostureEvent } from '../profiles/profile.ts'

/** What a device knows of itself when it speaks. */
export interface ReadingMessage {
  /** Device time, ms since the epoch. */
  readonly ts: number
  readonly seq: number
  readonly firmware?: string
  /** 0..100; null on mains. */
  readonly batteryPercent?: number | null
  readonly boot?: string
  readonly vitals: Readonly<Record<string, number>>
}

/** Wardwatch JSON, the `telemetry` leaf: `{"ts":..,"seq":..,"fw":..,"bat":..,"boot":..,"vitals":{..}}`. The same message gives the same bytes. */
export const wardwatchJson = (message: ReadingMessage): Buffer => {
  const out: Record<string, unknown> = { ts: message.ts, seq: message.seq }
  if (message.firmware !== undefined) out['fw'] = message.firmware
  if (message.batteryPercent !== undefined && message.batteryPercent !== null) out['bat'] = message.batteryPercent
  if (message.boot !== undefined) out['boot'] = message.boot
  out['vitals'] = message.vitals
  return Buffer.from(JSON.stringify(out))
}

/** A posture change, the `event` leaf: `{"ts":..,"event":"therapy","subject":..,"from":..,"to":..,"actor":..}`. */
export const postureJson = (ts: number, { change, subject, from, to, actor }: PostureEvent): Buffer =>
  Buffer.from(JSON.stringify({ ts, event: change, subject, from, to, actor }))

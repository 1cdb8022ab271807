import type { CaseEvent } from '../../contracts/case-event.ts'
import type { Finding } from '../../contracts/finding.ts'
import type { Posture, Reading, Session } from '../../contracts/observation.ts'
import { storedDeviceTimeMs, storedText, storedTextOrNull, storedTimeMs, timeText } from './stored-values.ts'

/** A row of a table that is landed as JSONEachRow: column to value. The log position and `landed_at` are added by the batch. */
export type Row = Record<string, unknown>

const time = (ms: number): string => timeText(storedTimeMs(ms))

const deviceTime = (ms: number | null): string | null => {
  const stored = storedDeviceTimeMs(ms)
  return stored === null ? null : timeText(stored)
}

export const redeliveryRow = (reading: Reading): Row => ({
  device: reading.device,
  received_at: time(reading.receivedAt),
  device_time: deviceTime(reading.deviceTime),
  seq: reading.seq,
  bytes: reading.bytes,
  payload_hash: reading.payloadHash,
  redelivered: reading.redelivered,
})

export const sessionRow = (session: Session): Row => ({
  received_at: time(session.receivedAt),
  event: session.event,
  device: storedTextOrNull(session.device),
  site: storedTextOrNull(session.site),
  model: storedTextOrNull(session.model),
  session: storedText(session.session),
  address: storedText(session.address),
  client_id: storedTextOrNull(session.clientId),
  user_name: storedTextOrNull(session.userName),
  fingerprint: session.fingerprint,
  tls_version: session.tlsVersion,
  cipher: session.cipher,
  reason: storedTextOrNull(session.reason),
  topic: storedTextOrNull(session.topic),
  amount: session.amount,
})

export const postureRow = (posture: Posture): Row => ({
  device: storedText(posture.device),
  site: storedText(posture.site),
  model: storedText(posture.model),
  session: storedText(posture.session),
  received_at: time(posture.receivedAt),
  device_time: deviceTime(posture.deviceTime),
  change: posture.change,
  subject: storedText(posture.subject),
  from: storedTextOrNull(posture.from),
  to: storedTextOrNull(posture.to),
  actor: storedTextOrNull(posture.actor),
})

export const findingRow = (finding: Finding): Row => ({
  id: finding.id,
  detector: finding.detector,
  version: finding.version,
  title: storedText(finding.title),
  key: storedText(finding.key),
  device: storedText(finding.device),
  site: storedTextOrNull(finding.site),
  severity: finding.severity,
  score: finding.score,
  attack: finding.attack,
  controls: finding.controls,
  why: storedText(finding.why),
  evidence: JSON.stringify(finding.evidence),
  at: time(finding.at),
  source_topic: finding.position.topic,
  source_partition: finding.position.partition,
  source_offset: finding.position.offset,
  source_index: finding.index,
  decoder_version: finding.decoderVersion,
})

const orNull = (value: unknown): unknown => value ?? null

/** `text` is the event as it stands in the log. A column that an event of its type does not have is null. */
export const caseRow = (event: CaseEvent, text: string): Row => {
  const { finding, detector, title, device, site, severity, score, why, at, alert, suppression } = event as Partial<
    Record<string, string | number>
  >
  return {
    sequence: event.sequence,
    type: event.type,
    recorded_at: time(event.recordedAt),
    actor: storedText(event.actor),
    alert: alert ?? '',
    finding: finding ?? suppression ?? '',
    detector: detector ?? '',
    title: storedText(String(title ?? '')),
    device: storedText(String(device ?? '')),
    site: orNull(site),
    severity: severity ?? 'low',
    score: score ?? 0,
    why: storedText(String(why ?? '')),
    at: time(Number(at ?? event.recordedAt)),
    previous: event.previous,
    hash: event.hash,
    event: text,
  }
}

export interface DeadLetterRow {
  readonly receivedAt: number
  readonly reason: string
  readonly detail: string
  readonly device: string | null
  readonly site: string | null
  readonly leaf: string | null
  readonly session: string | null
  readonly payload: Uint8Array
}

export const deadLetterRow = (letter: DeadLetterRow): Row => ({
  received_at: time(letter.receivedAt),
  reason: letter.reason,
  detail: storedText(letter.detail),
  device: storedTextOrNull(letter.device),
  site: storedTextOrNull(letter.site),
  leaf: letter.leaf,
  session: storedTextOrNull(letter.session),
  payload_base64: Buffer.from(letter.payload.buffer, letter.payload.byteOffset, letter.payload.byteLength).toString('base64'),
})

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

/** What an event makes of its alert's state; empty: it stays (`alert.contained` acknowledges a new one: the view `alerts` knows). */
const stateSet = (event: CaseEvent): string => {
  switch (event.type) {
    case 'finding.folded':
    case 'alert.raised':
      return event.opened ? 'new' : ''
    case 'alert.acknowledged':
      return 'acknowledged'
    case 'alert.snoozed':
      return 'snoozed'
    case 'alert.woken':
      return event.because === 'worse' ? 'new' : 'acknowledged'
    case 'alert.closed':
      return 'closed'
    case 'alert.undone':
      return event.to.state
    default:
      return ''
  }
}

const ownerSet = (event: CaseEvent): string | null =>
  event.type === 'alert.assigned' ? event.owner : event.type === 'alert.undone' ? event.to.owner : null

const verdictSet = (event: CaseEvent): string | null =>
  event.type === 'alert.closed' ? event.verdict : event.type === 'alert.undone' ? event.to.verdict : null

const until = (event: CaseEvent): number | null => {
  if (event.type === 'alert.snoozed') return event.until
  if (event.type === 'alert.undone') return event.to.snoozedUntil
  if (event.type === 'alert.breached') return event.dueAt
  return event.type === 'suppression.added' ? event.expiresAt : null
}

const subjectOf = (event: CaseEvent): string =>
  'device' in event ? event.device : event.type === 'suppression.added' && 'device' in event.scope ? event.scope.device : ''

/** `text` is the event as it stands in the log. A column that an event of its type does not have is empty. */
export const caseRow = (event: CaseEvent, text: string): Row => {
  const untilMs = until(event)
  return {
    sequence: event.sequence,
    type: event.type,
    recorded_at: time(event.recordedAt),
    actor: storedText(event.actor),
    alert: 'alert' in event ? event.alert : '',
    opened: 'opened' in event && event.opened,
    state: stateSet(event),
    owner: storedText(ownerSet(event) ?? ''),
    verdict: verdictSet(event) ?? '',
    reason: storedText('reason' in event ? event.reason : event.type === 'alert.noted' ? event.note : ''),
    until: untilMs === null ? null : time(untilMs),
    follows: 'follows' in event ? event.follows : '',
    suppression: 'suppression' in event ? event.suppression : '',
    finding: 'finding' in event ? event.finding : '',
    detector: 'detector' in event ? event.detector : '',
    title: storedText('title' in event ? event.title : ''),
    device: storedText(subjectOf(event)),
    site: storedTextOrNull('site' in event ? event.site : null),
    severity: 'severity' in event ? event.severity : null,
    score: 'score' in event ? event.score : null,
    why: storedText('why' in event ? event.why : ''),
    at: time('at' in event ? event.at : event.recordedAt),
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

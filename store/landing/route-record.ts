import { caseEvent } from '../../contracts/case-event.ts'
import { deadLetter } from '../../contracts/dead-letter.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { Decoded, EnvelopeDecoder } from '../../contracts/decode.ts'
import { decodeMessageHeader, envelopeKind, messageParts } from '../../contracts/envelope.ts'
import type { LogRecord } from '../../contracts/event-log.ts'
import { finding } from '../../contracts/finding.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { receivedAtOf } from '../../contracts/received-at.ts'
import type { RedeliveryFilter } from '../../contracts/redelivery.ts'
import type { FindingMarks } from './finding-marks.ts'
import type { LandedTable, LandingBatch, RowTable } from './landing-batch.ts'
import { caseRow, deadLetterRow, findingRow, postureRow, redeliveryRow, type Row, sessionRow } from './rows.ts'

/** The topics that are landed. `observations.by-device.v1` brings no sessions: by-source has every one of them, also those without a device. */
export const landedTopics = [
  'observations.by-device.v1',
  'observations.by-source.v1',
  'findings.v1',
  'cases.v1',
  'dead-letters.v1',
] as const satisfies readonly LogTopicName[]

export interface RouteCounts {
  /** A record that lands nowhere: a clock, an empty status, a copy of a session. */
  dropped: number
  /** A row that the table had already when the sink started. */
  heldAlready: number
  findingRepeats: number
  readonly deadLettersByReason: Map<string, number>
}

/** Turns log records into rows of a batch. One record gives at most one row, in one table. */
export interface RecordRouter {
  route(batch: LandingBatch, topic: LogTopicName, partition: number, record: LogRecord): void
}

export const createRecordRouter = (parts: {
  readonly decoder: EnvelopeDecoder
  readonly redelivery: RedeliveryFilter
  readonly marks: FindingMarks
  /** Whether the table holds the record's row, from before the start. */
  readonly isHeld: (table: LandedTable, topic: LogTopicName, partition: number, offset: number) => boolean
  readonly counts: RouteCounts
  readonly clock: Clock
}): RecordRouter => {
  const { decoder, redelivery, marks, isHeld, counts, clock } = parts

  const add = (
    batch: LandingBatch,
    table: RowTable,
    topic: LogTopicName,
    partition: number,
    { offset, value }: LogRecord,
    row: Row,
  ): void => {
    if (isHeld(table, topic, partition, offset)) counts.heldAlready++
    else batch.addRow(table, topic, partition, offset, row, value.length * 2 + 512)
  }

  const bury = (batch: LandingBatch, topic: LogTopicName, partition: number, record: LogRecord, reason: string, detail: string): void => {
    counts.deadLettersByReason.set(reason, (counts.deadLettersByReason.get(reason) ?? 0) + 1)
    const { value } = record
    const parts = messageParts(value)
    const origin = parts === null ? null : decodeMessageHeader(parts.header)
    const isEnvelope = topic.startsWith('observations.') && value.length >= 8 && Object.values<number>(envelopeKind).includes(value[0]!)
    const row = deadLetterRow({
      receivedAt: isEnvelope ? receivedAtOf(record) : clock.now(),
      reason,
      detail: detail.slice(0, 1_024),
      device: origin?.device ?? null,
      site: origin?.site ?? null,
      leaf: origin?.leaf ?? null,
      session: origin?.session ?? null,
      payload: origin === null || parts === null ? value : parts.payload,
    })
    add(batch, 'dead_letters', topic, partition, record, row)
  }

  const decode = (record: LogRecord): Decoded => {
    try {
      return decoder.decode(record.value, record.value.length < 8 ? undefined : receivedAtOf(record))
    } catch (error) {
      return { outcome: 'deadLetter', reason: 'decoder-failed', detail: error instanceof Error ? error.message : String(error) }
    }
  }

  const routeObservation = (batch: LandingBatch, topic: LogTopicName, partition: number, record: LogRecord): void => {
    const decoded = decode(record)
    if (decoded.outcome === 'deadLetter') {
      bury(batch, topic, partition, record, decoded.reason, decoded.detail)
      return
    }
    if (decoded.outcome === 'drop') {
      counts.dropped++
      return
    }
    const { observation } = decoded
    const bySource = topic === 'observations.by-source.v1'
    if (observation.kind === 'reading' && !bySource) {
      // Held rows are known to the filter: it was primed with them.
      if (isHeld('readings', topic, partition, record.offset) || isHeld('redeliveries', topic, partition, record.offset))
        counts.heldAlready++
      else if (redelivery.offer(observation.device, observation) === 'first') batch.readings.add(observation, partition, record.offset)
      else add(batch, 'redeliveries', topic, partition, record, redeliveryRow(observation))
    } else if (observation.kind === 'session' && bySource) add(batch, 'sessions', topic, partition, record, sessionRow(observation))
    else if (observation.kind === 'posture' && !bySource) add(batch, 'postures', topic, partition, record, postureRow(observation))
    else counts.dropped++
  }

  /** The record's JSON, checked; or null, and it is a dead letter. */
  const parsed = <T>(
    batch: LandingBatch,
    topic: LogTopicName,
    partition: number,
    record: LogRecord,
    schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } },
  ): { readonly data: T; readonly text: string } | null => {
    const text = Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength).toString('utf8')
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (error) {
      bury(batch, topic, partition, record, 'not-json', (error as Error).message)
      return null
    }
    const result = schema.safeParse(json)
    if (result.success) return { data: result.data, text }
    bury(batch, topic, partition, record, 'bad-envelope', result.error.message)
    return null
  }

  return {
    route(batch, topic, partition, record) {
      if (topic.startsWith('observations.')) {
        routeObservation(batch, topic, partition, record)
      } else if (topic === 'findings.v1') {
        const found = parsed(batch, topic, partition, record, finding)
        if (found === null) return
        if (marks.pass(partition, found.data)) add(batch, 'findings', topic, partition, record, findingRow(found.data))
        else counts.findingRepeats++
      } else if (topic === 'cases.v1') {
        const event = parsed(batch, topic, partition, record, caseEvent)
        if (event !== null) add(batch, 'cases', topic, partition, record, caseRow(event.data, event.text))
      } else {
        const letter = parsed(batch, topic, partition, record, deadLetter)
        if (letter === null) return
        const { payloadBase64, origin, detail, ...rest } = letter.data
        counts.deadLettersByReason.set(rest.reason, (counts.deadLettersByReason.get(rest.reason) ?? 0) + 1)
        const row = deadLetterRow({
          ...rest,
          detail: `${origin}: ${detail}`,
          leaf: null,
          session: null,
          payload: Buffer.from(payloadBase64, 'base64'),
        })
        add(batch, 'dead_letters', topic, partition, record, row)
      }
    },
  }
}

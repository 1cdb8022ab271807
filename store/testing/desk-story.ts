import { randomUUID } from 'node:crypto'
import type { Alert } from '../../contracts/alert.ts'
import type { Clock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { Reading, Session } from '../../contracts/observation.ts'
import { createDeskHistory } from '../desk/desk-history.ts'
import { createReadingBatch } from '../landing/reading-batch.ts'
import { redeliveryRow, sessionRow } from '../landing/rows.ts'
import { timeText } from '../landing/stored-values.ts'
import type { Store } from '../open.ts'
import { noon, session } from './story-log.ts'

/** Writes hand-made rows as the sink would, each call one batch. */
export const createDeskWriter = (store: Store) => {
  let offset = 0
  let landedAt = 0
  const nextLandedAt = (receivedAt: number): number => (landedAt = Math.max(landedAt + 1, receivedAt))
  return {
    async readings(readings: readonly (Partial<Reading> & { readonly receivedAt: number })[]): Promise<void> {
      const batch = createReadingBatch()
      batch.landedAtMs = nextLandedAt(Math.max(...readings.map(({ receivedAt }) => receivedAt)))
      for (const given of readings) {
        const reading: Reading = {
          kind: 'reading', device: 'pump-1', site: 'north', model: 'm', session: 's', deviceTime: given.receivedAt, seq: offset, firmware: '1.0', vitals: {},
          bytes: 100, payloadHash: offset, redelivered: false, ...given,
        } // prettier-ignore
        batch.add(reading, 0, offset++)
      }
      await store.insertColumns({ table: 'readings', token: randomUUID(), batch })
    },
    async redeliveries(readings: readonly Reading[]): Promise<void> {
      const landed_at = timeText(nextLandedAt(Math.max(...readings.map(({ receivedAt }) => receivedAt))))
      const values = readings.map((reading) => ({ ...redeliveryRow(reading), log_offset: offset++, landed_at }))
      await store.landing.insert({ table: 'redeliveries', format: 'JSONEachRow', values })
    },
    async sessions(sessions: readonly Partial<Session>[]): Promise<void> {
      const landed_at = timeText(nextLandedAt(Math.max(...sessions.map(({ receivedAt = 0 }) => receivedAt))))
      const values = sessions.map((over) => ({ ...sessionRow(session(over)), log_offset: offset++, landed_at }))
      await store.landing.insert({ table: 'sessions', format: 'JSONEachRow', values })
    },
  }
}

/** The desk at a time that a test sets; it never looks by itself. */
export const openDesk = async (store: Store, clock: Clock = { now: () => noon }) => {
  const desk = createDeskHistory({ store, clock, logger: silentLogger, behindMs: () => null, lookMs: 2_000_000_000 })
  await desk.ready
  return desk
}

export const alertOf = (over: Partial<Alert>): Alert => ({
  id: 'AL-1', detector: 'level-shift', title: 'Level shift', device: 'pump-1', site: 'north', severity: 'high', score: 0.9, count: 1, firstSeen: noon, lastSeen: noon,
  why: '', evidence: [], attack: [], controls: [], state: 'new', owner: null, openedAt: noon, acknowledgedAt: null, acknowledgedBy: null, containedAt: null,
  snoozedUntil: null, closedAt: null, closedBy: null, verdict: null, reason: null, notes: 0, due: { acknowledgeBy: null, containBy: null },
  breached: { acknowledge: null, contain: null }, previous: null, sequence: 1, version: 1, lastChange: { type: 'finding.folded', actor: 'wardwatch', at: noon }, ...over,
}) // prettier-ignore

export const vitalEvidence = (feature: string) => [{ feature, observed: 180, expected: 70, unit: 'bpm' }]

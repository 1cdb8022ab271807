import { encodeMessage, encodeMessageHeader, encodeObservation } from '../contracts/envelope.ts'
import type { Finding } from '../contracts/finding.ts'
import type { Session } from '../contracts/observation.ts'
import { loadDetectors } from '../detectors/registry.ts'
import { createEnvelopeDecoder } from '../ingest/envelope-decoder.ts'
import { planFleet } from '../simulators/fleet.ts'
import { healthyLife } from '../simulators/healthy-life.ts'
import { type BacktestBatch, runBacktest } from '../stream/host/backtest.ts'

const batchEvents = 2_000

/** A healthy fleet's life as the broker would have logged it. */
const lifeBatches = function* (devices: number, seed: number, durationMs: number): Generator<BacktestBatch> {
  const fleet = planFleet({ seed, devices })
  const headers = new Map<string, Buffer>()
  let records: { offset: number; key: string; value: Buffer }[] = []
  let offset = 0
  for (const event of healthyLife({ devices: fleet.devices, startAtMs: Date.UTC(2026, 10, 2, 8), durationMs })) {
    if (event.kind === 'message') {
      const name = `${event.session}/${event.leaf}/${event.device}`
      const header = headers.get(name) ?? encodeMessageHeader(event)
      headers.set(name, header)
      records.push({ offset: offset++, key: event.device, value: encodeMessage(header, event.payload, event.atMs, event.redelivered) })
    } else {
      const { device, site, model, session, address, event: what, reason, atMs } = event
      const observation: Session = {
        kind: 'session',
        receivedAt: atMs,
        event: what,
        device,
        site,
        model,
        session,
        address,
        reason,
        clientId: device,
        userName: null,
        fingerprint: 'f'.repeat(64),
        tlsVersion: 'TLSv1.3',
        cipher: null,
        topic: null,
        amount: null,
      }
      records.push({ offset: offset++, key: device, value: encodeObservation(observation) })
    }
    if (records.length < batchEvents) continue
    yield { topic: 'observations.by-device.v1', partition: 0, records }
    records = []
  }
  yield { topic: 'observations.by-device.v1', partition: 0, records }
}

/** What the detectors say of healthy devices: every finding is a false one. One alert a detector and device, as alerts fold. */
export const falseAlerts = async (devices: number, seed: number, durationMs: number): Promise<Map<string, Finding>> => {
  const alerts = new Map<string, Finding>()
  const batches = lifeBatches(devices, seed, durationMs)
  for await (const finding of runBacktest({
    batches,
    timeline: 'simulated',
    ...(await loadDetectors()),
    decoder: createEnvelopeDecoder(),
  })) {
    const name = `${finding.detector} ${finding.device}`
    if (!alerts.has(name)) alerts.set(name, finding)
  }
  return alerts
}

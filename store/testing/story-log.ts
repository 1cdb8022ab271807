import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import {
  encodeMessage,
  encodeMessageHeader,
  encodeObservation,
  envelopeText,
  envelopeTime,
  messageParts,
  decodeMessageHeader,
  isClock,
} from '../../contracts/envelope.ts'
import type { AppendRecord } from '../../contracts/event-log.ts'
import type { Finding } from '../../contracts/finding.ts'
import type { Session } from '../../contracts/observation.ts'
import { murmur2 } from '../../contracts/partitioner.ts'
import type { Delivery, RedeliveryFilter } from '../../contracts/redelivery.ts'

/** Noon of yesterday, UTC, ms: rows of a fixed date would one day be older than their retention, and ClickHouse would drop them. */
export const noon = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 43_200_000

/** The plainest decoder of Wardwatch's own JSON: the store's tests stand on contracts alone (`ingest/` has the real one). */
export const plainDecoder: EnvelopeDecoder = {
  version: 1,
  decode(value) {
    if (isClock(value)) return { outcome: 'drop' }
    const parts = messageParts(value)
    if (parts === null) {
      return value[0] === 2
        ? { outcome: 'ok', observation: JSON.parse(envelopeText(value)) }
        : { outcome: 'deadLetter', reason: 'bad-envelope', detail: 'no envelope' }
    }
    const origin = decodeMessageHeader(parts.header)!
    const { device, site, model, session } = origin
    const text = Buffer.from(parts.payload).toString('utf8')
    let json: Record<string, never>
    try {
      json = JSON.parse(text)
    } catch (error) {
      return { outcome: 'deadLetter', reason: 'not-json', detail: (error as Error).message }
    }
    const receivedAt = envelopeTime(value)
    if (origin.leaf === 'event') {
      return {
        outcome: 'ok',
        observation: {
          kind: 'posture',
          device,
          site,
          model,
          session,
          receivedAt,
          deviceTime: null,
          change: 'therapy',
          subject: 'rate',
          from: '1',
          to: '2',
          actor: null,
        },
      }
    }
    const { ts = null, seq = null, fw = null, bat, boot, vitals, sentinels } = json
    return {
      outcome: 'ok',
      observation: {
        kind: 'reading', device, site, model, session, receivedAt, deviceTime: ts, seq, firmware: fw, vitals,
        ...(bat === undefined ? {} : { batteryPercent: bat }),
        ...(boot === undefined ? {} : { bootId: boot }),
        ...(sentinels === undefined ? {} : { sentinels }),
        bytes: parts.payload.length, payloadHash: murmur2(parts.payload), redelivered: parts.dup,
      }, // prettier-ignore
    }
  },
}

/** Equal deliveries of a device are the same reading; unbounded, for tests. */
export const plainRedelivery = (): RedeliveryFilter => {
  const seen = new Set<string>()
  const name = (device: string, { deviceTime, seq, payloadHash, bytes }: Delivery): string =>
    JSON.stringify([device, deviceTime, seq, payloadHash, bytes])
  return {
    offer(device, delivery) {
      const key = name(device, delivery)
      if (seen.has(key)) return 'again'
      seen.add(key)
      return 'first'
    },
    prime(device, landed) {
      for (const delivery of landed) seen.add(name(device, delivery))
    },
    forget: () => seen.clear(),
  }
}

export const message = (
  device: string,
  payload: unknown,
  {
    at = noon,
    leaf = 'telemetry',
    dup = false,
    partition = 0,
  }: { at?: number; leaf?: 'telemetry' | 'event'; dup?: boolean; partition?: number } = {},
): AppendRecord => {
  const header = encodeMessageHeader({ leaf, site: 'ward-1', device, model: 'monitor-x', session: `s-${device}` })
  const bytes =
    typeof payload === 'string' ? Buffer.from(payload) : payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload))
  return { key: device, partition, value: encodeMessage(header, bytes, at, dup) }
}

export const session = (over: Partial<Session> = {}): Session => ({
  kind: 'session', receivedAt: noon, event: 'connect', device: 'pump-1', site: 'ward-1', model: 'pump', session: 's-1', address: '10.0.0.1', clientId: 'pump-1',
  userName: null, fingerprint: 'ab'.repeat(32), tlsVersion: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', reason: null, topic: null, amount: null, ...over,
}) // prettier-ignore

export const sessionRecord = (over: Partial<Session> = {}, partition = 0): AppendRecord => ({
  key: 'k',
  partition,
  value: encodeObservation(session(over)),
})

export const finding = (
  over: Partial<Finding> & { readonly offset: number; readonly index?: number; readonly source?: number },
): Finding => {
  const { offset, source = 0, index = 0, ...rest } = over
  return {
    id: `f-${source}-${offset}-${index}`, detector: 'flood', version: 1, title: 'Flood', key: 'pump-1', device: 'pump-1', site: 'ward-1', severity: 'high', score: 0.9,
    attack: ['T1498'], controls: ['A.8.16'], why: '900 messages in 10 s; 10 are usual', evidence: [{ feature: 'rate', observed: 90, expected: 1, unit: '1/s' }], at: noon,
    position: { topic: 'observations.by-device.v1', partition: source, offset }, index, decoderVersion: 1, ...rest,
  } // prettier-ignore
}

export const findingRecord = (of: Finding, partition = 0): AppendRecord => ({
  key: of.device,
  partition,
  value: Buffer.from(JSON.stringify(of)),
})

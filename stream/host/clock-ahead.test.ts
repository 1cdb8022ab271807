import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeClock, encodeMessage, encodeMessageHeader } from '../../contracts/envelope.ts'
import type { LogRecord } from '../../contracts/event-log.ts'
import type { Presence } from '../../contracts/observation.ts'
import { aheadMsMax } from '../../contracts/received-at.ts'
import presence from '../../detectors/derivations/presence.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { createPartitionProcessor } from './partition-processor.ts'

const startMs = 1_795_000_000_000
const dayMs = 86_400_000
const silentFromS = 300

type Appended = Omit<LogRecord, 'offset'>

const clock = (edge: string, edgeMs: number, appendedAtMs: number): Appended => ({
  key: edge,
  value: encodeClock(edge, edgeMs),
  appendedAtMs,
})
const reading = (device: string, seq: number, edgeMs: number, appendedAtMs: number): Appended => {
  const header = encodeMessageHeader({ leaf: 'telemetry', site: 'north', device, model: 'm', session: 's' })
  const payload = JSON.stringify({ ts: appendedAtMs, seq, vitals: { spo2: 97 } })
  return { key: device, value: encodeMessage(header, Buffer.from(payload), edgeMs, false), appendedAtMs }
}

/** Two edges for `seconds`; each device is heard each second up to `silentFromS`, the second one by the second edge while that is there. */
const records = (seconds: number, second: { readonly fromS: number; readonly untilS: number; readonly aheadMs: number }): Appended[] => {
  const all: Appended[] = []
  for (let s = 0; s < seconds; s++) {
    const nowMs = startMs + s * 1_000
    const isThere = s >= second.fromS && s < second.untilS
    all.push(clock('edge-a', nowMs, nowMs + 10))
    if (isThere) all.push(clock('edge-b', nowMs + second.aheadMs, nowMs + 10))
    if (s >= silentFromS) continue
    all.push(reading('device-1', s, nowMs, nowMs + 10))
    all.push(reading('device-2', s, isThere ? nowMs + second.aheadMs : nowMs, nowMs + 10))
  }
  return all
}

const run = (given: readonly Appended[]) => {
  const said: Presence[] = []
  const processor = createPartitionProcessor({
    topic: 'observations.by-device.v1',
    partition: 0,
    stages: { detectors: [], derivations: [presence] },
    decoder: createEnvelopeDecoder(),
    onFinding() {},
    onDerived: (_, observation) => said.push(observation),
  })
  processor.process(given.map((record, offset) => ({ ...record, offset })))
  return { absent: said.filter(({ state }) => state === 'absent'), said, counts: processor.counts() }
}

it('an edge whose clock was a day ahead for a while does not hide that devices fell silent, neither its own nor others', () => {
  const { absent, counts } = run(records(420, { fromS: 100, untilS: 150, aheadMs: dayMs }))
  expect(absent.map(({ device, since }) => [device, since - startMs])).toEqual([
    ['device-1', 299_000],
    ['device-2', 299_000],
  ])
  expect(counts).toMatchObject({ ahead: 100, late: 0, deadLetters: {}, watermarkMs: startMs + 419_000 })
})

it('what is said is what would be said if the clock were right', () => {
  const times = fc.record({
    fromS: fc.integer({ min: 0, max: 400 }),
    forS: fc.integer({ min: 0, max: 400 }),
    aheadMs: fc.oneof(fc.integer({ min: aheadMsMax + 11, max: 100_000 }), fc.constant(dayMs), fc.constant(2 ** 47)),
  })
  fc.assert(
    fc.property(times, ({ fromS, forS, aheadMs }) => {
      const untilS = fromS + forS
      const right = run(records(420, { fromS, untilS, aheadMs: 10 }))
      const wrong = run(records(420, { fromS, untilS, aheadMs }))
      expect(wrong.said).toEqual(right.said)
      expect(wrong.counts).toEqual({ ...right.counts, ahead: wrong.counts.ahead })
    }),
    { numRuns: 30 },
  )
})

it('a record that waited long for the log keeps the time of its arrival', () => {
  const { said, counts } = run([
    clock('edge-a', startMs, startMs + 10),
    ...Array.from({ length: 30 }, (_, s) => reading('device-1', s, startMs + s * 1_000, startMs + 3_600_000)),
  ])
  expect(counts.ahead).toBe(0)
  expect(said.every(({ receivedAt }) => receivedAt < startMs + 30_000)).toBe(true)
  expect(said).not.toHaveLength(0)
})

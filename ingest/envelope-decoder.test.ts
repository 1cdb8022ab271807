import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decoded } from '../contracts/decode.ts'
import { encodeClock, encodeMessage, encodeMessageHeader, encodeObservation } from '../contracts/envelope.ts'
import type { UplinkLeaf } from '../contracts/mqtt-topics.ts'
import { type Reading, type Session, observation } from '../contracts/observation.ts'
import { murmur2 } from '../contracts/partitioner.ts'
import { createEnvelopeDecoder } from './envelope-decoder.ts'

const at = 1_795_466_400_000
const origin = { site: 'general', device: 'monitor-7', model: 'bedside-3', session: 'edge-0-42' }
const decoder = createEnvelopeDecoder()

const decode = (payload: string | Uint8Array, leaf: UplinkLeaf = 'telemetry', receivedAt = at): Decoded =>
  decoder.decode(encodeMessage(encodeMessageHeader({ leaf, ...origin }), Buffer.from(payload as string), receivedAt, false))

const readingOf = (payload: unknown): Reading => {
  const decoded = decode(typeof payload === 'string' ? payload : JSON.stringify(payload))
  if (decoded.outcome !== 'ok' || decoded.observation.kind !== 'reading') throw new Error(JSON.stringify(decoded))
  return decoded.observation
}

const reasonOf = (decoded: Decoded): string => (decoded.outcome === 'deadLetter' ? decoded.reason : decoded.outcome)

describe('Wardwatch JSON', () => {
  it('becomes one reading with everything the envelope and the message say', () => {
    const payload = '{"ts":1795466399000,"seq":42,"fw":"2.4.1","bat":87,"boot":"b7f1","vitals":{"hr":72,"spo2":97.5}}'
    expect(readingOf(payload)).toEqual({
      kind: 'reading',
      ...origin,
      receivedAt: at,
      deviceTime: 1_795_466_399_000,
      seq: 42,
      firmware: '2.4.1',
      bootId: 'b7f1',
      batteryPercent: 87,
      vitals: { hr: 72, spo2: 97.5 },
      bytes: payload.length,
      payloadHash: murmur2(Buffer.from(payload)),
      redelivered: false,
    })
  })

  it('takes another time of arrival when it is told one: what is recognised as well as what is parsed', () => {
    const later = at + 5
    const envelope = encodeMessage(encodeMessageHeader({ leaf: 'telemetry', ...origin }), Buffer.from('{"vitals":{"hr":1}}'), at, false)
    const fresh = createEnvelopeDecoder()
    for (const time of [later, later, undefined])
      expect(fresh.decode(envelope, time)).toMatchObject({ outcome: 'ok', observation: { receivedAt: time ?? at } })
  })

  it('carries the DUP flag', () => {
    const envelope = encodeMessage(encodeMessageHeader({ leaf: 'telemetry', ...origin }), Buffer.from('{"vitals":{"hr":1}}'), at, true)
    expect(decoder.decode(envelope)).toMatchObject({ observation: { redelivered: true } })
  })

  it('needs no more than a vital', () => {
    const reading = readingOf({ vitals: { hr: 72 } })
    expect(reading).toMatchObject({ deviceTime: null, seq: null, firmware: null })
    expect(Object.keys(reading)).not.toContain('batteryPercent')
  })

  it.each([
    ['a sentinel is marked and never a value', { hr: 0, spo2: 97, temp: -17.8 }, { spo2: 97 }, { hr: 0, temp: -17.8 }],
    ['only sentinels are a reading too', { hr: -1 }, {}, { hr: -1 }],
    ['null is not measured: neither value nor sentinel', { hr: null, spo2: 97 }, { spo2: 97 }, undefined],
    ['zero is a value where the table has no such sentinel', { linePressure: 0, etco2: 0 }, { linePressure: 0, etco2: 0 }, undefined],
    ['an unknown vital is kept as it is', { 'x.custom-1': -1 }, { 'x.custom-1': -1 }, undefined],
    ['names of the object prototype are names', { constructor: 5, toString: 6 }, { constructor: 5, toString: 6 }, undefined],
  ])('%s', (_, given, vitals, sentinels) => {
    const reading = readingOf({ vitals: given })
    expect([{ ...reading.vitals }, reading.sentinels]).toEqual([vitals, sentinels])
  })

  it.each([
    [
      'minus zero becomes zero',
      '{"seq":-0,"bat":-0,"vitals":{"linePressure":-0}}',
      { seq: 0, batteryPercent: 0, vitals: { linePressure: 0 } },
    ],
    ['of a name given twice the last counts', '{"vitals":{"hr":1,"hr":72}}', { vitals: { hr: 72 } }],
    ['a byte order mark is passed over', '\uFEFF{"vitals":{"hr":72}}', { vitals: { hr: 72 } }],
    ['a U+FFFD that the device itself wrote is text', '{"fw":"\uFFFD","vitals":{"hr":72}}', { firmware: '\uFFFD' }],
    ['a lone surrogate becomes U+FFFD', String.raw`{"fw":"\ud800","vitals":{"hr":72}}`, { firmware: '\uFFFD' }],
    ['a wrong ornament costs no reading', '{"fw":7,"bat":"full","boot":[],"vitals":{"hr":72}}', { firmware: null, vitals: { hr: 72 } }],
    ['a __proto__ member outside the vitals is passed over', '{"__proto__":{"seq":9},"vitals":{"hr":72}}', { seq: null }],
    [
      'an RFC 3339 time is a time',
      '{"ts":"2026-11-23T21:59:59.5+02:30","vitals":{"hr":72}}',
      { deviceTime: Date.UTC(2026, 10, 23, 19, 29, 59, 500) },
    ],
    ['1970 is claimed by a device without a battery for its clock', '{"ts":0,"vitals":{"hr":72}}', { deviceTime: 0 }],
    ['a clock five minutes ahead is believed', `{"ts":${at + 300_000},"vitals":{"hr":72}}`, { deviceTime: at + 300_000 }],
    ['a clock years ahead is clamped', '{"ts":4102444800000,"vitals":{"hr":72}}', { deviceTime: at + 300_000 }],
  ])('%s', (_, payload, expected) => {
    const reading = readingOf(payload)
    expect(reading).toMatchObject(expected)
    expect(JSON.parse(JSON.stringify(reading))).toEqual(reading)
  })
})

describe('bad data is a dead letter with its reason', () => {
  const vitals = (text: string): string => `{"vitals":${text}}`
  it.each<[string, string, string | Uint8Array]>([
    ['not-json', 'nothing', ''],
    ['not-json', 'a truncated message', '{"vitals":{"hr":7'],
    ['not-json', 'NaN, which is not JSON', vitals('{"hr":NaN}')],
    ['not-json', 'a message of brackets that end early', '['.repeat(500)],
    ['not-utf8', 'bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)],
    ['not-utf8', 'a surrogate in UTF-8', Buffer.concat([Buffer.from('{"fw":"'), Uint8Array.of(0xed, 0xa0, 0x80), Buffer.from('"}')])],
    ['too-large', 'more than 64 KiB', vitals(`{"hr":72}${' '.repeat(65_536)}`)],
    ['too-deep', 'ten thousand open arrays', '['.repeat(10_000)],
    [
      'too-deep',
      'ten thousand objects in a member that is not looked at',
      `{"x":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)},"vitals":{"hr":1}}`,
    ],
    ['not-an-object', 'a number', '7'],
    ['not-an-object', 'null', 'null'],
    ['bad-timestamp', 'a negative time', '{"ts":-1,"vitals":{"hr":1}}'],
    ['bad-timestamp', 'an infinite time', '{"ts":1e999,"vitals":{"hr":1}}'],
    ['bad-timestamp', 'a time after 2100', '{"ts":4102444800001,"vitals":{"hr":1}}'],
    ['bad-timestamp', 'a flag', '{"ts":true,"vitals":{"hr":1}}'],
    ['bad-timestamp', 'a time without a zone', '{"ts":"2026-11-23T21:59:59","vitals":{"hr":1}}'],
    ['bad-timestamp', '30 February', '{"ts":"2026-02-30T21:59:59Z","vitals":{"hr":1}}'],
    ['bad-timestamp', 'hour 24', '{"ts":"2026-02-20T24:00:00Z","vitals":{"hr":1}}'],
    ['bad-timestamp', 'the year 50', '{"ts":"0050-02-20T10:00:00Z","vitals":{"hr":1}}'],
    ['bad-sequence', 'a negative sequence', '{"seq":-1,"vitals":{"hr":1}}'],
    ['bad-sequence', 'a fraction', '{"seq":1.5,"vitals":{"hr":1}}'],
    ['bad-sequence', 'a text', '{"seq":"1","vitals":{"hr":1}}'],
    ['bad-sequence', 'more than a safe integer', '{"seq":9007199254740992,"vitals":{"hr":1}}'],
    ['no-vitals', 'no vitals', '{"seq":1}'],
    ['no-vitals', 'empty vitals', vitals('{}')],
    ['bad-vitals', 'vitals in an array', vitals('[72]')],
    ['bad-vitals', 'a text for a number', vitals('{"hr":"72"}')],
    ['bad-vitals', 'infinity', vitals('{"hr":1e999}')],
    ['bad-vitals', 'minus infinity', vitals('{"hr":-1e999}')],
    ['bad-vitals', 'a nested vital', vitals('{"hr":{"v":72}}')],
    ['bad-vitals', '__proto__ for a name', vitals('{"__proto__":1}')],
    ['bad-vitals', 'an empty name', vitals('{"":1}')],
    ['bad-vitals', 'a name of 65 characters', vitals(`{"${'h'.repeat(65)}":1}`)],
    ['bad-vitals', 'a line feed in a name', vitals(String.raw`{"h\nr":1}`)],
    ['too-many-vitals', '65 vitals', vitals(JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`v${i}`, i]))))],
  ])('%s: %s', (reason, _, payload) => {
    expect(reasonOf(decode(payload))).toBe(reason)
  })

  it('100,000 open brackets cost no more than their length', () => {
    const unlimited = createEnvelopeDecoder({ payloadBytesMax: 1_000_000 })
    const header = encodeMessageHeader({ leaf: 'telemetry', ...origin })
    for (const open of ['[', '{"a":', '[{"a":']) {
      expect(reasonOf(unlimited.decode(encodeMessage(header, Buffer.from(open.repeat(100_000)), at, false)))).toBe('too-deep')
    }
  })
})

describe('posture', () => {
  it('is what a device tells on its event leaf', () => {
    const payload = { ts: at - 5, event: 'therapy', subject: 'basal rate', from: 0.8, to: 2.4, actor: 'nurse-17' }
    expect(decode(JSON.stringify(payload), 'event')).toEqual({
      outcome: 'ok',
      observation: {
        kind: 'posture',
        ...origin,
        receivedAt: at,
        deviceTime: at - 5,
        change: 'therapy',
        subject: 'basal rate',
        from: '0.8',
        to: '2.4',
        actor: 'nurse-17',
      },
    })
  })

  it('keeps an event whose texts are too long, cut', () => {
    const decoded = decode(JSON.stringify({ event: 'login', subject: 'x'.repeat(1_000), to: 'é'.repeat(300) }), 'event')
    expect(decoded).toMatchObject({ observation: { subject: 'x'.repeat(256), to: 'é'.repeat(256), from: null, actor: null } })
  })

  it.each([
    ['bad-event', '{"event":"reboot","subject":"x"}'],
    ['bad-event', '{"event":"login"}'],
    ['bad-event', '{"event":"login","subject":"x","from":{}}'],
    ['bad-timestamp', '{"event":"login","subject":"x","ts":-5}'],
    ['not-an-object', '[]'],
    ['not-json', ''],
  ])('%s: %s', (reason, payload) => {
    expect(reasonOf(decode(payload, 'event'))).toBe(reason)
  })

  it('a will or a birth on the status leaf is dropped, whatever it holds; a posture event there is one', () => {
    for (const payload of ['', 'offline', '{"online":true}', '\uFFFD', '[['.repeat(9_000)])
      expect(decode(payload, 'status')).toEqual({ outcome: 'drop' })
    expect(decode('{"event":"firmware","subject":"main","to":"2.5"}', 'status')).toMatchObject({ observation: { change: 'firmware' } })
  })
})

describe('observations that Wardwatch itself wrote', () => {
  const connect: Session = {
    kind: 'session',
    receivedAt: at,
    event: 'connect',
    device: 'monitor-7',
    site: 'general',
    model: 'bedside-3',
    session: 'edge-0-42',
    address: '10.0.0.7',
    clientId: 'monitor-7',
    userName: null,
    fingerprint: 'ab'.repeat(32),
    tlsVersion: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    reason: null,
    topic: null,
    amount: null,
  }
  it('come out with another time of arrival when it is told one', () => {
    const told = { ...connect, receivedAt: at + 0.5 }
    expect(decoder.decode(encodeObservation(told))).toMatchObject({ observation: { receivedAt: at + 0.5 } })
    expect(decoder.decode(encodeObservation(told), at)).toMatchObject({ observation: { receivedAt: at + 0.5 } })
    expect(decoder.decode(encodeObservation(told), at - 9_000)).toEqual({ outcome: 'ok', observation: { ...told, receivedAt: at - 9_000 } })
  })

  it('come out as they went in', () => {
    const absent = {
      kind: 'presence',
      receivedAt: at,
      device: 'd',
      site: 's',
      state: 'absent',
      since: at - 9,
      expectedIntervalMs: 5,
    } as const
    for (const one of [connect, absent]) expect(decoder.decode(encodeObservation(one))).toEqual({ outcome: 'ok', observation: one })
  })

  it('are checked all the same', () => {
    const forged: object[] = [
      { ...connect, event: 'teleport' },
      { ...connect, kind: 'reading' },
      { ...connect, address: 7 },
      [],
      { kind: 'presence' },
    ]
    for (const one of forged) expect(reasonOf(decoder.decode(encodeObservation({ receivedAt: at, ...one })))).toBe('bad-envelope')
    const moved = encodeObservation(connect)
    moved[7]! ^= 1
    expect(reasonOf(decoder.decode(moved))).toBe('bad-envelope')
  })

  it('a clock is nothing to see', () => {
    expect(decoder.decode(encodeClock('edge-0', at))).toEqual({ outcome: 'drop' })
  })
})

describe('any bytes', () => {
  const isAnswer = (decoded: Decoded): void => {
    if (decoded.outcome === 'ok') observation.parse(decoded.observation)
    else if (decoded.outcome === 'deadLetter') {
      expect(decoded.reason).not.toBe('decoder-failed')
      expect(decoded.detail.length).toBeLessThanOrEqual(200)
    }
  }

  it('give an answer and no throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => isAnswer(decoder.decode(bytes))),
      { numRuns: 2_000 },
    )
  })

  it('any payload in an envelope gives an answer, and an observation that its schema knows', () => {
    const json = fc.json({ maxDepth: 4 })
    const likely = fc
      .record(
        {
          ts: fc.oneof(
            fc.jsonValue(),
            fc.double(),
            fc.date().map((d) => (Number.isNaN(d.getTime()) ? null : d.toISOString())),
          ),
          seq: fc.oneof(fc.jsonValue(), fc.integer()),
          fw: fc.jsonValue(),
          bat: fc.oneof(fc.jsonValue(), fc.double()),
          boot: fc.jsonValue(),
          event: fc.constantFrom('firmware', 'login', 'nothing'),
          subject: fc.jsonValue(),
          to: fc.jsonValue(),
          vitals: fc.oneof(
            fc.jsonValue(),
            fc.dictionary(fc.oneof(fc.constantFrom('hr', 'temp', '__proto__'), fc.string()), fc.oneof(fc.double(), fc.constant(null))),
          ),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value))
    const senml = fc
      .array(
        fc.record(
          {
            bn: fc.string(),
            bt: fc.double(),
            n: fc.constantFrom('hr', 'urn:dev:x:temp', 'a/__proto__', ''),
            v: fc.oneof(fc.double(), fc.jsonValue()),
            u: fc.constantFrom('Cel', 'K', '/', '1/min', ''),
            t: fc.double(),
            vs: fc.string(),
            bv: fc.double(),
          },
          { requiredKeys: [] },
        ),
      )
      .map((value) => JSON.stringify(value))
    fc.assert(
      fc.property(fc.oneof(json, likely, senml), fc.constantFrom<UplinkLeaf>('telemetry', 'event', 'status'), (payload, leaf) => {
        isAnswer(decode(payload, leaf))
      }),
      { numRuns: 3_000 },
    )
  })

  it('what a device measured comes out as it went in', () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-300 })
    fc.assert(
      fc.property(
        fc.record({
          ts: fc.nat(at),
          seq: fc.maxSafeNat(),
          vitals: fc.dictionary(fc.stringMatching(/^x[a-z]{1,20}$/), value, { minKeys: 1, maxKeys: 30 }),
        }),
        fc.nat({ max: 4_000_000_000 }),
        (message, ago) => {
          const decoded = decode(JSON.stringify(message), 'telemetry', at + ago)
          const { ts: deviceTime, seq, vitals } = message
          expect(decoded).toMatchObject({ outcome: 'ok', observation: { deviceTime, seq, receivedAt: at + ago } })
          expect(decoded.outcome === 'ok' && decoded.observation.kind === 'reading' && { ...decoded.observation.vitals }).toEqual({
            ...vitals,
          })
        },
      ),
    )
  })

  it('a cut or changed envelope gives an answer too, and the header cache never answers for other bytes', () => {
    const small = createEnvelopeDecoder({ headersMax: 2 })
    fc.assert(
      fc.property(
        fc.record({
          site: fc.string({ maxLength: 9 }),
          device: fc.string({ maxLength: 9 }),
          session: fc.constantFrom('a-session-of-13', 'b-session-of-13', 'x'),
        }),
        fc.nat(200),
        fc.nat(255),
        (given, position, flip) => {
          const header = encodeMessageHeader({ leaf: 'telemetry', model: 'm', ...given })
          const envelope = encodeMessage(header, Buffer.from('{"vitals":{"hr":72}}'), at, false)
          const decoded = small.decode(envelope)
          expect(decoded).toMatchObject({ observation: { site: given.site, device: given.device, session: given.session } })
          isAnswer(small.decode(envelope.subarray(0, position)))
          envelope[position % envelope.length]! ^= flip
          isAnswer(small.decode(envelope))
        },
      ),
    )
  })
})

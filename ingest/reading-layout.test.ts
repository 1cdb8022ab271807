import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeMessage, encodeMessageHeader } from '../contracts/envelope.ts'
import { vitals } from '../contracts/vitals.ts'
import { createEnvelopeDecoder } from './envelope-decoder.ts'
import { defaultDecodeLimits } from './decode-limits.ts'
import { createLayoutReader } from './layout-reader.ts'
import { learnLayout } from './reading-layout.ts'

const receivedAt = 1_795_466_400_000
const headers = ['one', 'two'].map((session) => encodeMessageHeader({ leaf: 'telemetry', site: 'north', device: 'd', model: 'm', session }))
/** In the middle of a batch's memory, among bytes that could be taken for the message's own. */
const envelope = (payload: string, which: number): Uint8Array => {
  const value = encodeMessage(headers[which]!, Buffer.from(payload), receivedAt, false)
  return Buffer.concat([Buffer.from('"1}'), value, Buffer.from('"}}0123,')]).subarray(3, 3 + value.length)
}

const digits = fc.stringMatching(/^[0-9]{0,18}$/)
/** What may stand where a number is: numbers in all their spellings, what only looks like one, and what a device sends instead. */
const arbitraryNumber = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 200 }).map(String) },
  { weight: 6, arbitrary: fc.tuple(fc.integer({ min: -200, max: 200 }), digits).map(([whole, rest]) => (rest === '' ? `${whole}` : `${whole}.${rest}`)) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('', '-', '0', '-0', '+'), digits, fc.constantFrom('', '.', '.5', 'e3', 'E-2', '.0e1')).map((parts) => parts.join('')) },
  fc.constantFrom('0', '-0', '-0.0', '-1', '-17.8', '1e999', 'null', 'true', '"7"', '9007199254740993', '0.1', '1.7976931348623157e308', '4102444800001'),
) // prettier-ignore
const arbitraryText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('"2.4.1"', '"b7f1"', '"2.4.10"') },
  fc.constantFrom('""', '"a\\"b"', '"é"', '"\\u0041"', '"\u007f"', 'null', '7', `"${'x'.repeat(257)}"`, '"2.4.1', '"a\u0001b"'),
)
const arbitraryName = fc.constantFrom(...Object.keys(vitals), 'x.custom-1', '7', 'constructor', '__proto__', 'hr ', '\\u0068r')
const arbitraryShape = fc.record({
  members: fc.shuffledSubarray(['ts', 'seq', 'fw', 'bat', 'boot', 'more'], { minLength: 0 }),
  twice: fc.constantFrom(undefined, 'seq', 'fw', 'vitals'),
  names: fc.array(arbitraryName, { maxLength: 6 }),
  space: fc.constantFrom('', '', '', ' ', '\n\t'),
  vitalsAt: fc.nat({ max: 6 }),
})
type Shape = typeof arbitraryShape extends fc.Arbitrary<infer T> ? T : never

/** A message of a shape, with values of its own each time it is asked. */
const message = (shape: Shape, number: () => string, text: () => string): string => {
  const { members, names, twice, space, vitalsAt } = shape
  const of = (name: string): string => {
    if (name === 'vitals') return `{${names.map((vital) => `"${vital}":${space}${number()}`).join(`,${space}`)}}`
    return name === 'fw' || name === 'boot' ? text() : number()
  }
  const all = [...members.slice(0, vitalsAt), 'vitals', ...members.slice(vitalsAt), ...(twice === undefined ? [] : [twice])]
  return `${space}{${all.map((name) => `"${name}":${space}${of(name)}`).join(`${space},`)}}${space}`
}

it('a decoder that knows how a device talks answers what one answers that hears it for the first time', () => {
  let readings = 0
  fc.assert(
    fc.property(
      fc.array(arbitraryShape, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 1 }), fc.array(arbitraryNumber, { minLength: 12, maxLength: 12 }), fc.tuple(arbitraryText, arbitraryText)), { minLength: 2, maxLength: 12, size: 'max' }),
      (shapes, messages) => {
        const knowing = createEnvelopeDecoder({ headersMax: 16 })
        for (const shape of shapes) knowing.decode(envelope(message(shape, () => '72', () => '"2.4.1"'), 0))
        for (const [which, session, numbers, texts] of messages) {
          let [n, t] = [0, 0]
          const payload = message(shapes[which % shapes.length]!, () => numbers[n++ % 12]!, () => texts[t++ % 2]!)
          const expected = createEnvelopeDecoder({ headersMax: 16 }).decode(envelope(payload, session))
          const decoded = knowing.decode(envelope(payload, session))
          expect(decoded).toStrictEqual(expected)
          // The order of the names and the sign of a zero too.
          expect(JSON.stringify(decoded)).toBe(JSON.stringify(expected))
          if (decoded.outcome === 'ok') readings++
        }
      },
    ),
    { numRuns: 3_000, endOnFailure: true },
  ) // prettier-ignore
  expect(readings).toBeGreaterThan(3_000)
})

it('every short decimal becomes the double that JSON.parse makes of it', () => {
  const decoder = createEnvelopeDecoder({ headersMax: 16 })
  const value = (text: string): unknown => decoder.decode(envelope(`{"vitals":{"x":${text}}}`, 0))
  value('1')
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), fc.nat({ max: 15 }), fc.boolean(), (mantissa, decimals, negative) => {
      const all = mantissa.toString().padStart(decimals + 1, '0')
      const text = `${negative ? '-' : ''}${decimals === 0 ? all : `${all.slice(0, -decimals)}.${all.slice(-decimals)}`}`
      expect(value(text)).toMatchObject({ observation: { vitals: { x: Number(text) + 0 } } })
    }),
    { numRuns: 2_000 },
  )
})

it('what is no more than numbers and short texts in known members has a layout, and nothing else', () => {
  const of = (text: string) => learnLayout(Buffer.from(text), 0, Buffer.byteLength(text))
  expect(of('{"ts":1,"seq":2,"fw":"a","vitals":{"hr":72.5,"temp":36}}')).toMatchObject({
    slots: [-1, -2, -4, 0, 1],
    names: ['hr', 'temp'],
    sentinels: [[0, -1], [0, -1, -17.8]],
  }) // prettier-ignore
  for (const text of [
    '{"vitals":{"hr":null}}',
    '{"ts":"2026-11-23T10:00:00Z","vitals":{"hr":72}}',
    '{"x":1,"vitals":{"hr":72}}',
    '{"vitals":{}}',
    '{"vitals":{"hr":1,"hr":2}}',
    '[]',
  ])
    // prettier-ignore
    expect(of(text)).toBeNull()
})

it('a message of a known layout is read without being parsed, and one that only begins like it is not', () => {
  const first = Buffer.from('{"ts":1,"seq":2,"fw":"a","vitals":{"hr":72.5}}')
  const layout = learnLayout(first, 0, first.length)!
  const reader = createLayoutReader(defaultDecodeLimits)
  const known = { firmware: null, boot: null }
  const read = (text: string): boolean => reader.read(layout, known, Buffer.from(text), 0, text.length)
  expect(read('{"ts":1795466400123,"seq":43,"fw":"6.2.1","vitals":{"hr":-3.25}}')).toBe(true)
  expect(reader.found).toEqual({ ts: 1_795_466_400_123, seq: 43, battery: null, firmware: '6.2.1', boot: null, vitals: { hr: -3.25 } })
  expect(known.firmware).toBe('6.2.1')
  for (const text of [
    '{"ts":1,"seq":2,"fw":"a","vitals":{"hr":72.5}}}',
    '{"ts":1,"seq":2,"fw":"a","vitals":{"hr":72.5}',
    '{"ts":1,"seq":2,"fw":"a","vitals":{"hr":0}}',
    '{"ts":01,"seq":2,"fw":"a","vitals":{"hr":7}}',
  ])
    // prettier-ignore
    expect(read(text)).toBe(false)
})

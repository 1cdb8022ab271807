import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  decodeMessageHeader,
  encodeClock,
  encodeMessage,
  encodeMessageHead,
  encodeMessageHeader,
  envelopeText,
  envelopeTime,
  isClock,
  messageParts,
  stampMessageHead,
} from './envelope.ts'
import { uplinkLeaves } from './mqtt-topics.ts'

const text = fc.string({ maxLength: 60, unit: 'grapheme' }).filter((t) => Buffer.byteLength(t) <= 255)

it('a message comes out as it went in', () => {
  fc.assert(
    fc.property(
      fc.record({ leaf: fc.constantFrom(...uplinkLeaves), site: text, device: text, model: text, session: text }),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat({ max: 2 ** 47 }),
      fc.boolean(),
      (origin, payload, ms, dup) => {
        const envelope = encodeMessage(encodeMessageHeader(origin), payload, ms, dup)
        const head = encodeMessageHead(origin)
        for (const [at, flag] of [
          [1, !dup],
          [ms, dup],
        ] as const)
          stampMessageHead(head, at, flag)
        expect(Buffer.concat([head, payload])).toEqual(envelope)
        const parts = messageParts(envelope)!
        expect(decodeMessageHeader(parts.header)).toEqual(origin)
        expect(Buffer.from(parts.payload)).toEqual(Buffer.from(payload))
        expect([parts.dup, envelopeTime(envelope), isClock(envelope)]).toEqual([dup, ms, false])
      },
    ),
  )
})

it('any bytes split without a throw, and never beyond their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const parts = messageParts(bytes)
      if (parts !== null) decodeMessageHeader(parts.header)
    }),
  )
})

it('a clock record carries its edge and time', () => {
  const clock = encodeClock('edge-0', 1_795_466_400_123)
  expect([isClock(clock), envelopeText(clock), envelopeTime(clock)]).toEqual([true, 'edge-0', 1_795_466_400_123])
})

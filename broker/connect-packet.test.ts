import { array, assert, boolean, constantFrom, nat, option, property, record, string, tuple, uint8Array } from 'fast-check'
import { expect, it } from 'vitest'
import { parseConnect, plainConnect } from './connect-packet.ts'
import { isMqttText, shownText } from './mqtt-text.ts'
import { connectFrame } from './test-client.ts'
import { parseFilters } from './subscribe-packet.ts'

const word = string({ unit: 'grapheme', maxLength: 20 }).filter((t) => !t.includes('\0') && isMqttText(Buffer.from(t)))
/** Without the fixed header; all frames here are shorter than 128 bytes or carry a two-byte length. */
const bodyOf = (frame: Buffer): Buffer => frame.subarray(frame[1]! > 127 ? 3 : 2)

it('understands what a client says, whatever fields it uses', () => {
  const fields = record({ clean: boolean(), keepAliveSeconds: nat(65_535), userName: option(word, { nil: undefined }) })
  assert(
    property(word, fields, option(tuple(word, word), { nil: undefined }), (clientId, { userName, ...rest }, will) => {
      const frame = connectFrame(clientId, {
        ...rest,
        ...(userName === undefined ? {} : { userName, password: 'p' }),
        ...(will === undefined ? {} : { will: { topic: will[0], payload: will[1] } }),
      })
      const parsed = parseConnect(bodyOf(frame))
      expect(parsed).toMatchObject({ outcome: 'ok', connect: { clientId, ...rest, userName: userName ?? null, protocol: 4 } })
      if (parsed.outcome === 'ok') expect(parsed.connect.will?.topic).toBe(will?.[0])
    }),
  )
})

it('never throws and never reads beyond the end', () => {
  const start = constantFrom('', '00044d51545404', '00064d514973647003', '00044d51545405')
  assert(
    property(start, uint8Array({ maxLength: 80 }), (head, tail) => {
      parseConnect(Buffer.concat([Buffer.from(head, 'hex'), tail]))
      parseFilters(Buffer.from(tail), true, 8)
      parseFilters(Buffer.from(tail), false, 8)
    }),
    { numRuns: 2_000 },
  )
})

it('shows aedes nothing but the device', () => {
  const parsed = parseConnect(bodyOf(plainConnect('pump-7', false)))
  expect(parsed).toEqual({
    outcome: 'ok',
    connect: { protocol: 4, clean: false, keepAliveSeconds: 0, clientId: 'pump-7', will: null, userName: null, password: null },
  })
})

it('shows no control character and nothing longer than asked for', () => {
  assert(
    property(array(string({ unit: 'binary' })), nat(300), (parts, max) => {
      const shown = shownText(parts.join('\n'), max)
      expect(shown.length).toBeLessThanOrEqual(max)
      expect(/\p{Cc}/u.test(shown)).toBe(false)
    }),
  )
})

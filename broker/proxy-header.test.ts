import { isIPv6, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProxyHeader, type ProxyHeader, proxySignature } from './proxy-header.ts'
import { extension, proxyHeader, tcp6From } from './test-proxy-header.ts'

const bytesMax = 1_024
const header = (bytes: number, source: string | null): ProxyHeader => ({ outcome: 'header', bytes, source })
const malformed = (reason: string) => ({ outcome: 'malformed', reason })
const groups = (...values: number[]): Uint8Array => {
  const bytes = Buffer.alloc(16)
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i)
  return bytes
}
const long = extension(0x04, Buffer.alloc(bytesMax - 16 - 12 - 3))

describe('a PROXY header', () => {
  const cases: Record<string, [Buffer, object]> = {
    'TCP over IPv4': [proxyHeader(), header(28, '10.9.8.7')],
    'TCP over IPv6': [proxyHeader({ family: 0x21, addresses: tcp6From(groups(0xfd00, 1, 0, 0, 0, 0, 0, 7)) }), header(52, 'fd00:1::7')],
    'the longest run of zeros is shortened, the first of two alike': [
      proxyHeader({ family: 0x21, addresses: tcp6From(groups(1, 0, 0, 4, 0, 0, 7, 8)) }),
      header(52, '1::4:0:0:7:8'),
    ],
    'one zero group is not shortened': [
      proxyHeader({ family: 0x21, addresses: tcp6From(groups(1, 0, 3, 4, 5, 6, 7, 8)) }),
      header(52, '1:0:3:4:5:6:7:8'),
    ],
    'IPv4 in IPv6 counts as IPv4': [
      proxyHeader({ family: 0x21, addresses: tcp6From(groups(0, 0, 0, 0, 0, 0xffff, 0x0a09, 0x0807)) }),
      header(52, '10.9.8.7'),
    ],
    'extensions are skipped': [proxyHeader({ extensions: extension(0x05, Buffer.from('unique')) }), header(37, '10.9.8.7')],
    'an empty extension': [proxyHeader({ extensions: extension(0x04, Buffer.alloc(0)) }), header(31, '10.9.8.7')],
    'as long as is allowed': [proxyHeader({ extensions: long }), header(bytesMax, '10.9.8.7')],
    'what follows is not its own': [Buffer.concat([proxyHeader(), Buffer.from([0x16, 3, 1])]), header(28, '10.9.8.7')],
    'LOCAL without addresses': [proxyHeader({ command: 0, family: 0, addresses: [] }), header(16, null)],
    'LOCAL with anything behind it': [proxyHeader({ command: 0, family: 0x11 }), header(28, null)],
    'nothing yet': [Buffer.alloc(0), { outcome: 'more' }],
    'a byte short': [proxyHeader().subarray(0, 27), { outcome: 'more' }],
    'a TLS handshake': [Buffer.from([0x16, 3, 1, 2, 0]), malformed('signature')],
    'version 1, the text': [Buffer.from('PROXY TCP4 10.9.8.7 10.0.0.1 49152 8883\r\n'), malformed('signature')],
    'a signature that breaks off': [Buffer.from('\r\n\r\n\0\r\nQUIT\r', 'latin1'), malformed('signature')],
    'version 1 in the binary form': [proxyHeader({ version: 1 }), malformed('version')],
    'version 3': [proxyHeader({ version: 3 }), malformed('version')],
    'an unknown command': [proxyHeader({ command: 2 }), malformed('command')],
    'UDP over IPv4': [proxyHeader({ family: 0x12 }), malformed('family')],
    'a Unix socket': [proxyHeader({ family: 0x31, addresses: new Array<number>(216).fill(0) }), malformed('family')],
    'PROXY without a source': [proxyHeader({ family: 0, addresses: [] }), malformed('family')],
    'a family that is none': [proxyHeader({ family: 0x41 }), malformed('family')],
    'too short for IPv4': [proxyHeader({ declaredBytes: 11 }), malformed('length')],
    'too short for IPv6': [proxyHeader({ family: 0x21 }), malformed('length')],
    'longer than is allowed, before it has come': [proxyHeader({ declaredBytes: 65_535 }).subarray(0, 16), malformed('length')],
    'one byte longer than is allowed': [proxyHeader({ declaredBytes: bytesMax - 15 }), malformed('length')],
    'an extension longer than the header': [proxyHeader({ extensions: Buffer.from([4, 0, 9, 1]) }), malformed('extension')],
    'an extension cut in its length': [proxyHeader({ extensions: Buffer.from([4, 0]) }), malformed('extension')],
  }
  for (const [name, [bytes, expected]] of Object.entries(cases)) it(name, () => expect(parseProxyHeader(bytes, bytesMax)).toEqual(expected))

  it('is judged the same in pieces: only `more` before the end, and never another verdict by what comes behind it', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...Object.values(cases).map(([bytes]) => bytes)), fc.uint8Array({ maxLength: 80 }).map(Buffer.from)),
        fc.uint8Array({ maxLength: 20 }),
        (bytes, behind) => {
          const whole = parseProxyHeader(bytes, bytesMax)
          if (whole.outcome !== 'more') expect(parseProxyHeader(Buffer.concat([bytes, behind]), bytesMax)).toEqual(whole)
          let verdict: ProxyHeader = { outcome: 'more' }
          for (let length = 0; length <= bytes.length && verdict.outcome === 'more'; length++)
            verdict = parseProxyHeader(bytes.subarray(0, length), bytesMax)
          expect(verdict).toEqual(whole)
        },
      ),
      { numRuns: 500 },
    )
  })
  it('with bytes changed is a verdict, never an exception, and never longer than what has come', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(cases).map(([bytes]) => bytes)),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }),
        (bytes, changes) => {
          const changed = Buffer.from(bytes)
          for (const [at, value] of changes) if (at < changed.length) changed[at] = value
          const verdict = parseProxyHeader(changed, bytesMax)
          if (verdict.outcome !== 'header') return
          expect(verdict.bytes).toBeLessThanOrEqual(Math.min(changed.length, bytesMax))
          expect(changed.subarray(0, 12).equals(proxySignature)).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })
  it('writes any IPv6 source as the runtime does', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(65_535)), { minLength: 8, maxLength: 8 }), (values) => {
        const parsed = parseProxyHeader(proxyHeader({ family: 0x21, addresses: tcp6From(groups(...values)) }), bytesMax)
        const { source } = parsed as { source: string }
        const plain = new SocketAddress({ address: values.map((value) => value.toString(16)).join(':'), family: 'ipv6' }).address
        // A few addresses that begin with zeros are written with dots by the runtime (RFC 5952, section 5).
        if (isIPv6(source) && !plain.includes('.')) expect(source).toBe(plain)
      }),
    )
  })
})

import { plainAddress } from './address.ts'

/**
 * The header that a load balancer writes in front of a connection's own bytes, to tell where it comes from.
 * Source: "The PROXY protocol", versions 1 & 2, HAProxy Technologies, section 2.2 (version 2, binary). Version 1 (text) is not spoken.
 */
export type ProxyHeader =
  /** Right so far, not complete. */
  | { readonly outcome: 'more' }
  | { readonly outcome: 'malformed'; readonly reason: 'signature' | 'version' | 'command' | 'family' | 'length' | 'extension' }
  /** `bytes` long, the extensions included. `source` is null when the load balancer speaks for itself (LOCAL: a health check). */
  | { readonly outcome: 'header'; readonly bytes: number; readonly source: string | null }

/** The first 12 bytes: no TLS handshake, and no text protocol, begins so. */
export const proxySignature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

const fixedBytes = 16
const tcp4 = { family: 0x11, addressBytes: 4, blockBytes: 12 }
const tcp6 = { family: 0x21, addressBytes: 16, blockBytes: 36 }

const malformed = (reason: Extract<ProxyHeader, { outcome: 'malformed' }>['reason']): ProxyHeader => ({ outcome: 'malformed', reason })

/** The eight groups as RFC 5952 writes them, which is how a socket's `remoteAddress` is written too. */
const ipv6Text = (bytes: Buffer): string => {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i))
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return `::ffff:${bytes.subarray(12).join('.')}`
  let longest = { from: 8, length: 1 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (from + length < 8 && groups[from + length] === 0) length++
    if (length > longest.length) longest = { from, length }
  }
  const hex = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(':')
  if (longest.from === 8) return hex(groups)
  return `${hex(groups.slice(0, longest.from))}::${hex(groups.slice(longest.from + longest.length))}`
}

/** Whether the extensions (type, two bytes of length, value) fill the rest to its last byte. What they say is not read. */
const extensionsFit = (data: Buffer, from: number, end: number): boolean => {
  let at = from
  while (at < end) {
    if (at + 3 > end) return false
    at += 3 + data.readUInt16BE(at + 1)
  }
  return at === end
}

/**
 * Reads the header at the front of what a connection has brought. Never throws. What is wrong is told at the first byte that shows it, and nothing
 * longer than `bytesMax` is waited for. Only TCP over IPv4 or IPv6 has a source that can be judged: UDP, Unix sockets and UNSPEC are refused.
 */
export const parseProxyHeader = (data: Buffer, bytesMax: number): ProxyHeader => {
  const compared = Math.min(data.length, proxySignature.length)
  if (proxySignature.compare(data, 0, compared, 0, compared) !== 0) return malformed('signature')
  if (data.length < 13) return { outcome: 'more' }
  const versionAndCommand = data[12]!
  if (versionAndCommand >> 4 !== 2) return malformed('version')
  const command = versionAndCommand & 15
  if (command > 1) return malformed('command')
  if (data.length < fixedBytes) return { outcome: 'more' }
  const end = fixedBytes + data.readUInt16BE(14)
  if (end > bytesMax) return malformed('length')
  // LOCAL: whatever stands behind it is to be skipped.
  if (command === 0) return data.length < end ? { outcome: 'more' } : { outcome: 'header', bytes: end, source: null }
  const kind = data[13] === tcp4.family ? tcp4 : data[13] === tcp6.family ? tcp6 : null
  if (kind === null) return malformed('family')
  if (end < fixedBytes + kind.blockBytes) return malformed('length')
  if (data.length < end) return { outcome: 'more' }
  if (!extensionsFit(data, fixedBytes + kind.blockBytes, end)) return malformed('extension')
  const source = data.subarray(fixedBytes, fixedBytes + kind.addressBytes)
  return { outcome: 'header', bytes: end, source: kind === tcp4 ? source.join('.') : plainAddress(ipv6Text(source)) }
}

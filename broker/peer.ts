import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { RefusalReason } from '../contracts/observation.ts'
import type { Peer } from './session.ts'

const clientAuth = '1.3.6.1.5.5.7.3.2'

/** Our authorities: one or several certificates in PEM. Throws when there is none. */
export const readAuthorities = (caPem: string): readonly X509Certificate[] => {
  const blocks = caPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new Error('the authority file holds no certificate')
  return blocks.map((block) => new X509Certificate(block))
}

/** The one common name of a subject; null when there is none or several, or it has characters that need escapes. */
const commonNameOf = (certificate: X509Certificate): string | null => {
  const names = (certificate.subject ?? '').split('\n').filter((line) => line.startsWith('CN='))
  return names.length === 1 ? names[0]!.slice(3) : null
}

const signedByUs = (certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean =>
  authorities.some((authority) => {
    try {
      return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
    } catch {
      // A key of another kind than the signature's.
      return false
    }
  })

export interface PeerVerdict {
  readonly peer: Peer
  /** Why the connection may not even say CONNECT; null when it may. */
  readonly refusal: RefusalReason | null
  /** The certificate was signed by our authority, whatever else is wrong with it: its common name may be recorded as a device. */
  readonly ours: boolean
}

/**
 * What a finished TLS handshake proves. The listener lets every handshake finish (`rejectUnauthorized: false`) so that a refusal
 * can be explained; nothing is read from the connection before this has judged it. `authorized` alone is not enough: Node
 * says it of a resumed session that never had a certificate, and a session outlives its certificate's end.
 *
 * @param address where it comes from: not the socket's own behind a load balancer
 */
export const judgePeer = (
  socket: TLSSocket,
  address: string,
  authorities: readonly X509Certificate[],
  nowMs: number,
  withoutCertificate: 'allowed' | 'refused',
): PeerVerdict => {
  const tls = { address, tlsVersion: socket.getProtocol() ?? null, cipher: socket.getCipher()?.name ?? null }
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined || certificate === null) {
    const peer = { ...tls, fingerprint: null, commonName: null, proven: false }
    return { peer, refusal: withoutCertificate === 'allowed' ? null : 'no-certificate', ours: false }
  }
  const expired = nowMs < certificate.validFromDate.getTime() || nowMs > certificate.validToDate.getTime()
  // The common way costs no second signature check: OpenSSL has verified the chain.
  const ours = socket.authorized || signedByUs(certificate, authorities)
  const forClients = certificate.keyUsage?.includes(clientAuth) ?? false
  const refusal = ((): RefusalReason | null => {
    if (!ours) return 'untrusted-certificate'
    if (expired) return 'expired-certificate'
    if (!forClients || certificate.ca) return 'wrong-purpose'
    return socket.authorized ? null : 'untrusted-certificate'
  })()
  const peer = {
    ...tls,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    commonName: commonNameOf(certificate),
    proven: refusal === null,
  }
  return { peer, refusal, ours }
}

/** Why a handshake failed, from the error that the runtime gives (OpenSSL's and BoringSSL's words). */
export const handshakeRefusal = (code: string | undefined): RefusalReason => {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'handshake-timeout'
  if (code === 'ERR_SSL_UNSUPPORTED_PROTOCOL' || code === 'ERR_SSL_NO_PROTOCOLS_AVAILABLE') return 'tls-version'
  if (code === 'ERR_SSL_KEY_USAGE_BIT_INCORRECT') return 'wrong-purpose'
  return 'tls-handshake'
}

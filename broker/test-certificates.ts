import { webcrypto, X509Certificate } from 'node:crypto'
// oxlint-disable-next-line no-restricted-imports -- a fixture of tests and benches: the edge itself never makes a certificate
import type * as X509 from '@peculiar/x509'

// tsyringe (below @peculiar/x509) refuses to load without Reflect metadata, of which it needs only that the functions are there.
Object.assign(Reflect, { getMetadata: () => undefined, defineMetadata: () => {}, getOwnMetadata: () => undefined, ...Reflect })
// oxlint-disable-next-line no-restricted-imports -- as above
const x509 = await import('@peculiar/x509')

/** A key and the certificate that goes with it, PEM; `fingerprint` is the certificate's SHA-256, lower-case hex. */
export interface TestIdentity {
  readonly keyPem: string
  readonly certificatePem: string
  readonly fingerprint: string
}

export interface LeafOptions {
  readonly commonName: string
  /** What the certificate may be used for; both server and client unless given. */
  readonly purpose?: 'client' | 'server'
  readonly notBefore?: Date
  readonly notAfter?: Date
}

/** A certificate authority for tests: P-256 throughout, as the registry's own. */
export interface TestAuthority extends TestIdentity {
  issue(options: LeafOptions): Promise<TestIdentity>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000
x509.cryptoProvider.set(webcrypto)

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

const identity = async (certificate: X509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<TestIdentity> => {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const certificatePem = certificate.toString('pem')
  return {
    keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replaceAll(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
    certificatePem,
    fingerprint: new X509Certificate(certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

let serial = 1

/** Makes a self-signed authority that issues leaf certificates for clients and servers on 127.0.0.1. */
export const createTestAuthority = async (name: string): Promise<TestAuthority> => {
  const keys = await newKeys()
  const now = Date.now()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: (serial++).toString(16).padStart(8, '0'),
    name: `CN=${name}`,
    notBefore: new Date(now - 10 * dayMs),
    notAfter: new Date(now + 10 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  return {
    ...(await identity(certificate, keys)),
    async issue({ commonName, purpose, notBefore, notAfter }) {
      const leafKeys = await newKeys()
      const uses = [
        ...(purpose === 'client' ? [] : [x509.ExtendedKeyUsage.serverAuth]),
        ...(purpose === 'server' ? [] : [x509.ExtendedKeyUsage.clientAuth]),
      ]
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: (serial++).toString(16).padStart(8, '0'),
        subject: [{ CN: [commonName] }],
        issuer: certificate.subject,
        notBefore: notBefore ?? new Date(now - dayMs),
        notAfter: notAfter ?? new Date(now + dayMs),
        signingAlgorithm: algorithm,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.ExtendedKeyUsageExtension(uses),
          new x509.SubjectAlternativeNameExtension([
            { type: 'ip', value: '127.0.0.1' },
            { type: 'dns', value: 'localhost' },
          ]),
        ],
      })
      return identity(leaf, leafKeys)
    },
  }
}

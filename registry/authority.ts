import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import type { JsonGeneralNames } from '@peculiar/x509'
import { x509 } from './x509.ts'
import type { Clock } from '../contracts/clock.ts'
import { isIdentifier } from '../contracts/identifiers.ts'
import { type SigningRequest, readSigningRequest } from './signing-request.ts'

/** Everything that a certificate authority is: keep `privateKeyPem` at mode 0600. */
export interface AuthorityPem {
  readonly certificatePem: string
  /** PKCS #8. */
  readonly privateKeyPem: string
}

interface IssuedCertificate {
  readonly certificatePem: string
  /** SHA-256 of the DER, lower-case hex: what a `DeviceRecord` lists and a `session` observation shows. */
  readonly fingerprint: string
  readonly notAfterMs: number
}

interface KeyedCertificate extends IssuedCertificate {
  /** PKCS #8, P-256; nothing here keeps it. */
  readonly privateKeyPem: string
}

export interface Authority extends AuthorityPem {
  /** A new P-256 key and its client certificate: common name and URI `urn:wardwatch:device:<id>`. Throws RangeError on a bad id or term. */
  issueDeviceCertificate(request: { readonly device: string; readonly days: number }): Promise<KeyedCertificate>
  /** A server certificate; names go into the SAN as DNS, addresses as IP. Throws RangeError when there is neither. */
  issueServerCertificate(request: {
    readonly names: readonly string[]
    readonly addresses: readonly string[]
    readonly days: number
  }): Promise<KeyedCertificate>
  /** A client certificate for the key of a PKCS #10 request; see `readSigningRequest` for what is refused. Of the request only the key is used. */
  signRequest(
    csrPem: string,
    device: string,
    days: number,
  ): Promise<({ readonly ok: true } & IssuedCertificate) | Extract<SigningRequest, { ok: false }>>
}

const dayMs = 86_400_000
/** A device's clock may be behind the hub's: certificates begin earlier, ms. */
const backdatedMs = 3_600_000
const authorityDays = 3_650
const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** SHA-256 of a certificate's DER (or of its PEM's), lower-case hex. */
export const certificateFingerprint = (certificate: string | Uint8Array): string =>
  createHash('sha256')
    .update(typeof certificate === 'string' ? new Uint8Array(new x509.X509Certificate(certificate).rawData) : certificate)
    .digest('hex')

/** 128 random bits; the first byte is 1..127, so it is positive and never has a leading zero. */
const newSerialNumber = (): string => {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7e) + 1
  return bytes.toString('hex')
}

const newKey = (): { readonly spki: Uint8Array<ArrayBuffer>; readonly privateKeyPem: string } => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { spki: new Uint8Array(publicKey), privateKeyPem: privateKey }
}

const signingKeyOf = (privateKeyPem: string): Promise<webcrypto.CryptoKey> => {
  const der = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' })
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), curve, false, ['sign'])
}

/** Takes up an authority that was created before. Throws when certificate and key are not PEM or do not belong together. */
export const loadAuthority = async (pem: AuthorityPem, clock: Clock): Promise<Authority> => {
  const certificate = new x509.X509Certificate(pem.certificatePem)
  const signingKey = await signingKeyOf(pem.privateKeyPem)
  const own = await webcrypto.subtle.sign(curve, signingKey, new Uint8Array([1]))
  const publicKey = await webcrypto.subtle.importKey('spki', certificate.publicKey.rawData, curve, false, ['verify'])
  if (!(await webcrypto.subtle.verify(curve, publicKey, own, new Uint8Array([1])))) {
    throw new Error("the authority's private key is not that of its certificate")
  }
  const issuerId = await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey)
  const digitalSignature = new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true)
  const notAnAuthority = new x509.BasicConstraintsExtension(false, undefined, true)
  const purposes = {
    client: new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    server: new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
  }

  const issue = async (
    spki: Uint8Array<ArrayBuffer>,
    { name, purpose, alternatives, days }: { name: string; purpose: 'client' | 'server'; alternatives: JsonGeneralNames; days: number },
  ): Promise<IssuedCertificate> => {
    if (!(days > 0 && days <= authorityDays)) throw new RangeError(`a certificate's term is 1 to ${authorityDays} days, not ${days}`)
    const now = clock.now()
    const notAfter = new Date(Math.min(now + days * dayMs, certificate.notAfter.getTime()))
    const issued = await x509.X509CertificateGenerator.create({
      serialNumber: newSerialNumber(),
      subject: [{ CN: [name] }],
      issuer: certificate.subjectName,
      notBefore: new Date(Math.max(now - backdatedMs, certificate.notBefore.getTime())),
      notAfter,
      publicKey: spki,
      signingKey,
      signingAlgorithm: curve,
      extensions: [
        notAnAuthority,
        digitalSignature,
        purposes[purpose],
        new x509.SubjectAlternativeNameExtension(alternatives),
        issuerId,
        await x509.SubjectKeyIdentifierExtension.create(spki),
      ],
    })
    return {
      certificatePem: issued.toString('pem'),
      fingerprint: certificateFingerprint(new Uint8Array(issued.rawData)),
      notAfterMs: notAfter.getTime(),
    }
  }

  const issueForDevice = (spki: Uint8Array<ArrayBuffer>, device: string, days: number): Promise<IssuedCertificate> => {
    if (!isIdentifier(device)) throw new RangeError('a device id is 1 to 64 of A-Z a-z 0-9 . _ -')
    return issue(spki, { name: device, purpose: 'client', alternatives: [{ type: 'url', value: `urn:wardwatch:device:${device}` }], days })
  }

  return {
    certificatePem: pem.certificatePem,
    privateKeyPem: pem.privateKeyPem,
    async issueDeviceCertificate({ device, days }) {
      const { spki, privateKeyPem } = newKey()
      return { ...(await issueForDevice(spki, device, days)), privateKeyPem }
    },
    async issueServerCertificate({ names, addresses, days }) {
      const alternatives: JsonGeneralNames = [
        ...names.map((value) => ({ type: 'dns' as const, value })),
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
      ]
      const [first] = alternatives
      if (first === undefined) throw new RangeError('a server certificate needs a name or an address')
      const { spki, privateKeyPem } = newKey()
      return { ...(await issue(spki, { name: first.value, purpose: 'server', alternatives, days })), privateKeyPem }
    },
    async signRequest(csrPem, device, days) {
      const request = await readSigningRequest(csrPem, device)
      return request.ok ? { ok: true, ...(await issueForDevice(request.spki, device, days)) } : request
    },
  }
}

/** A new authority of one site: P-256, ten years, signs certificates and revocation lists but no further authority. */
export const createAuthority = async ({ siteName, clock }: { readonly siteName: string; readonly clock: Clock }): Promise<Authority> => {
  const { spki, privateKeyPem } = newKey()
  const now = clock.now()
  const name = [{ O: [siteName] }, { CN: [`Wardwatch device authority, ${siteName}`.slice(0, 64)] }]
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: name,
    issuer: name,
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + authorityDays * dayMs),
    publicKey: spki,
    signingKey: await signingKeyOf(privateKeyPem),
    signingAlgorithm: curve,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(spki),
    ],
  })
  return loadAuthority({ certificatePem: certificate.toString('pem'), privateKeyPem }, clock)
}

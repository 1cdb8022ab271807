import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type TLSSocket, connect, createServer } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { X509Certificate, generateKeyPairSync, type webcrypto } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pkcs10CertificateRequest } from '@peculiar/x509'
import { x509 } from './x509.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, certificateFingerprint, createAuthority, loadAuthority } from './authority.ts'

const now = Date.now()
const clock = { now: () => now }
const dayMs = 86_400_000
type KeyAlgorithm = webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams
let authority: Authority
let directory: string
beforeAll(async () => {
  authority = await createAuthority({ siteName: 'St. Mary, "North" + West', clock })
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-authority-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const file = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

describe('a device certificate', () => {
  it('names the device, is for clients only and is signed by the authority', async () => {
    const issued = await authority.issueDeviceCertificate({ device: 'monitor-7', days: 30 })
    const certificate = new X509Certificate(issued.certificatePem)
    expect(certificate.subject).toBe('CN=monitor-7')
    expect(certificate.subjectAltName).toBe('URI:urn:wardwatch:device:monitor-7')
    expect(certificate.ca).toBe(false)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.checkIssued(new X509Certificate(authority.certificatePem))).toBe(true)
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(issued.fingerprint)
    expect(certificateFingerprint(issued.certificatePem)).toBe(issued.fingerprint)
    expect(issued.notAfterMs).toBe(now + 30 * dayMs)
    expect(Date.parse(certificate.validTo)).toBe(Math.floor(issued.notAfterMs / 1_000) * 1_000)
  })

  it('has a positive serial number of 128 bits that no other has', async () => {
    const serials = await Promise.all(
      Array.from(
        { length: 20 },
        async () => new X509Certificate((await authority.issueDeviceCertificate({ device: 'd', days: 1 })).certificatePem).serialNumber,
      ),
    )
    expect(new Set(serials).size).toBe(20)
    for (const serial of serials) expect(serial).toMatch(/^[0-7][0-9A-F]{31}$/)
  })

  it('does not outlive the authority', async () => {
    const late = await loadAuthority(authority, { now: () => now + 3_600 * dayMs })
    expect((await late.issueDeviceCertificate({ device: 'd', days: 3_650 })).notAfterMs).toBeLessThanOrEqual(now + 3_650 * dayMs)
  })

  it.each(['', '../x', 'a b', 'd,O=evil', 'x'.repeat(65)])('is not made for %j', async (device) => {
    await expect(authority.issueDeviceCertificate({ device, days: 1 })).rejects.toThrow(RangeError)
  })
})

describe('an authority', () => {
  it('that was loaded again issues under the same name', async () => {
    const loaded = await loadAuthority({ certificatePem: authority.certificatePem, privateKeyPem: authority.privateKeyPem }, clock)
    const issued = await loaded.issueDeviceCertificate({ device: 'd', days: 1 })
    expect(new X509Certificate(issued.certificatePem).verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true)
  })

  it('is refused with the key of another', async () => {
    const other = await createAuthority({ siteName: 'other', clock })
    await expect(loadAuthority({ certificatePem: authority.certificatePem, privateKeyPem: other.privateKeyPem }, clock)).rejects.toThrow(
      /private key/,
    )
  })
})

describe('a signing request', () => {
  const ec = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
  const requestFor = async (name: string, algorithm: KeyAlgorithm = ec): Promise<Pkcs10CertificateRequest> => {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const extensions = [
      new x509.BasicConstraintsExtension(true, 3, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'evil' }]),
    ]
    return x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: { ...algorithm, hash: 'SHA-256' }, extensions })
  }
  const rsa = (modulusLength: number) => ({
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength,
    publicExponent: new Uint8Array([1, 0, 1]),
  })

  it.each<[string, string, KeyAlgorithm]>([
    ["with the device's name", 'CN=pump-1', ec],
    ['without a name', '', ec],
    ['on P-384', 'CN=pump-1', { name: 'ECDSA', namedCurve: 'P-384' }],
    ['of a legacy RSA key', 'CN=pump-1', rsa(2_048)],
  ])('%s gets a certificate for its key, and nothing that it asked for besides', async (_, name, algorithm) => {
    const request = await requestFor(name, algorithm)
    const signed = await authority.signRequest(request.toString('pem'), 'pump-1', 30)
    if (!signed.ok) throw new Error(signed.detail)
    const certificate = new X509Certificate(signed.certificatePem)
    expect([certificate.subject, certificate.subjectAltName, certificate.ca]).toEqual([
      'CN=pump-1',
      'URI:urn:wardwatch:device:pump-1',
      false,
    ])
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).toEqual(Buffer.from(request.publicKey.rawData))
  })

  it.each<[string, () => Promise<string>]>([
    ['of another name', async () => (await requestFor('CN=pump-2')).toString('pem')],
    ['of two names', async () => (await requestFor('CN=pump-1, CN=pump-2')).toString('pem')],
    ['of a short RSA key', async () => (await requestFor('CN=pump-1', rsa(1_024))).toString('pem')],
    [
      'of a curve that TLS clients here do not use',
      async () => (await requestFor('CN=pump-1', { name: 'ECDSA', namedCurve: 'P-521' })).toString('pem'),
    ],
    ['that is a certificate', () => Promise.resolve(authority.certificatePem)],
    ['of nothing', () => Promise.resolve('')],
    ['of a megabyte', () => Promise.resolve(`-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(1_000_000)}`)],
    ['of garbage', () => Promise.resolve('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n')],
  ])('%s is refused', async (_, make) => {
    expect(await authority.signRequest(await make(), 'pump-1', 30)).toMatchObject({ ok: false, reason: 'bad-request' })
  })

  it('with any byte of what was signed, or of the signature, changed is refused', async () => {
    const request = await requestFor('CN=pump-1')
    const der = Buffer.from(request.rawData)
    // The outer lengths and the name of the algorithm around them are not signed; they say nothing that is used.
    const signed = [4, 4 + 3 + der[6]!] as const
    const signature = [der.length - request.signature.byteLength + 8, der.length] as const
    for (const [from, to] of [signed, signature]) {
      for (let at = from; at < to; at += 2) {
        const changed = Buffer.from(der)
        changed[at]! ^= 0x04
        const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${changed.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
        expect([at, (await authority.signRequest(pem, 'pump-1', 30)).ok]).toEqual([at, false])
      }
    }
  })

  const openssl = existsSync('/usr/bin/openssl')
  it.skipIf(!openssl)(`of OpenSSL is signed, and OpenSSL accepts the chain${openssl ? '' : ' (skipped: no openssl here)'}`, async () => {
    const key = file('pump.key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const csr = execFileSync('openssl', ['req', '-new', '-key', key, '-subj', '/CN=pump-9'], { encoding: 'utf8' })
    const signed = await authority.signRequest(csr, 'pump-9', 30)
    if (!signed.ok) throw new Error(signed.detail)
    const server = await authority.issueServerCertificate({ names: ['localhost'], addresses: ['127.0.0.1', '::1'], days: 30 })
    const ca = file('ca.pem', authority.certificatePem)
    const verify = (purpose: string, pem: string): string =>
      execFileSync('openssl', ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca, file('leaf.pem', pem)], {
        encoding: 'utf8',
        stdio: 'pipe',
      })
    expect(verify('sslclient', signed.certificatePem)).toContain('OK')
    expect(verify('sslserver', server.certificatePem)).toContain('OK')
    expect(() => verify('sslserver', signed.certificatePem)).toThrow(/purpose/)
    const text = execFileSync('openssl', ['x509', '-noout', '-text', '-in', file('leaf.pem', signed.certificatePem)], { encoding: 'utf8' })
    for (const part of [
      'ecdsa-with-SHA256',
      'TLS Web Client Authentication',
      'Digital Signature',
      'CA:FALSE',
      'URI:urn:wardwatch:device:pump-9',
      'Authority Key Identifier',
    ]) {
      expect(text).toContain(part)
    }
    const caText = execFileSync('openssl', ['x509', '-noout', '-text', '-in', ca], { encoding: 'utf8' })
    for (const part of ['CA:TRUE, pathlen:0', 'Certificate Sign, CRL Sign', 'Public-Key: (256 bit)']) expect(caText).toContain(part)
  })
})

describe('TLS', () => {
  it('holds between a server and a device of the authority, and not with a device of another', async () => {
    const server = await authority.issueServerCertificate({ names: ['localhost'], addresses: ['127.0.0.1'], days: 1 })
    const device = await authority.issueDeviceCertificate({ device: 'monitor-7', days: 1 })
    const rogue = await (
      await createAuthority({ siteName: 'St. Mary, "North" + West', clock })
    ).issueDeviceCertificate({ device: 'monitor-7', days: 1 })
    const listening = createServer({
      key: server.privateKeyPem,
      cert: server.certificatePem,
      ca: authority.certificatePem,
      requestCert: true,
      // As the broker's gate does: whoever is not authorized is told apart, not just cut off.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    }).listen(0, '127.0.0.1')
    await once(listening, 'listening')
    try {
      const { port } = listening.address() as AddressInfo
      const seenOf = async (own: { certificatePem: string; privateKeyPem: string }): Promise<[boolean, string]> => {
        const accepted = once(listening, 'secureConnection') as Promise<[TLSSocket]>
        const trust = { ca: authority.certificatePem, cert: own.certificatePem, key: own.privateKeyPem }
        const dialled = connect({ host: '127.0.0.1', port, servername: 'localhost', ...trust })
        const [socket] = await accepted
        const seen = socket.getPeerX509Certificate()!.fingerprint256.replaceAll(':', '').toLowerCase()
        dialled.destroy()
        socket.destroy()
        return [socket.authorized, seen]
      }
      expect(await seenOf(device)).toEqual([true, device.fingerprint])
      expect(await seenOf(rogue)).toEqual([false, rogue.fingerprint])
    } finally {
      listening.close()
    }
  })
})

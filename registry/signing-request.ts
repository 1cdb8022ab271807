import { createPublicKey } from 'node:crypto'
import { x509 } from './x509.ts'

/** What a PKCS #10 request yields: the key to certify, or why it is refused. */
export type SigningRequest =
  | { readonly ok: true; readonly spki: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: 'bad-request'; readonly detail: string }

const requestCharactersMax = 16_384
const curves: ReadonlySet<string> = new Set(['prime256v1', 'P-256', 'secp384r1', 'P-384'])
const rsaBitsMin = 2_048
const rsaBitsMax = 4_096

const refused = (detail: string): SigningRequest => ({ ok: false, reason: 'bad-request', detail })

const keyFault = (spki: Uint8Array<ArrayBuffer>): string | null => {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec') return curves.has(namedCurve ?? '') ? null : 'an elliptic key is on P-256 or P-384'
  if (key.asymmetricKeyType !== 'rsa') return 'a key is elliptic (P-256, P-384) or RSA'
  const bits = modulusLength ?? 0
  return bits >= rsaBitsMin && bits <= rsaBitsMax ? null : `an RSA key has ${rsaBitsMin} to ${rsaBitsMax} bits`
}

/**
 * Checks a certificate signing request in PEM: its own signature proves that the asker holds the key. A common name that is not the device's is
 * refused and not silently overridden: somebody mixed up two devices. None at all is fine. Extensions and attributes that it asks for are
 * never taken over. Any text gives an answer, none a throw.
 */
export const readSigningRequest = async (csrPem: string, device: string): Promise<SigningRequest> => {
  if (csrPem.length > requestCharactersMax) return refused(`a request is at most ${requestCharactersMax} characters`)
  if (!/-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/.test(csrPem)) return refused('it is not a PKCS #10 request in PEM')
  try {
    const request = new x509.Pkcs10CertificateRequest(csrPem)
    if (!(await request.verify())) return refused("the request's own signature is wrong")
    const names = request.subjectName.getField('CN')
    if (names.length > 1 || (names.length === 1 && names[0] !== device)) return refused(`its common name is not ${device}`)
    const spki = new Uint8Array(request.publicKey.rawData)
    const fault = keyFault(spki)
    return fault === null ? { ok: true, spki } : refused(fault)
  } catch {
    return refused('it cannot be read as a PKCS #10 request')
  }
}

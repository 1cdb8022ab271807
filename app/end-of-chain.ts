import { X509Certificate } from 'node:crypto'

const endsOf = (pem: string): readonly number[] | null => {
  try {
    const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
    return found.length === 0 ? null : found.map((one) => new X509Certificate(one).validToDate.getTime())
  } catch {
    return null
  }
}

/** The earliest end in a PEM of several, ms; null without a certificate that can be read: whoever needs it refuses it with the reason. */
export const endOfChain = (pem: string): number | null => {
  const ends = endsOf(pem)
  return ends === null ? null : Math.min(...ends)
}

/** The latest: of authorities one is enough. */
export const endOfAuthorities = (pem: string): number | null => {
  const ends = endsOf(pem)
  return ends === null ? null : Math.max(...ends)
}

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Makes secrets: 256 bits from the system, as 43 characters of base64url. Injected, so that tests know them. */
export type NewSecret = () => string

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

export const tokenPrefix = 'wwt_'

/** The CSRF token of a session: it follows from the session's secret, which no script can read, and tells nothing of it. */
export const csrfTokenOf = (sessionSecret: string): string =>
  createHmac('sha256', sessionSecret).update('wardwatch csrf').digest('base64url')

/** In a time that does not tell where they differ. */
export const sameText = (a: string, b: string): boolean => {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

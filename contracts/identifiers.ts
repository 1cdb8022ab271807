import { z } from 'zod'

/** A device or site identifier: what may stand in a topic level, a certificate's common name and a file name. */
export const identifierPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
export const identifierLengthMax = 64

export const deviceId = z.string().regex(identifierPattern)
export const siteId = z.string().regex(identifierPattern)

/** Whether an untrusted text may be used as a device or site identifier. Never throws. */
export const isIdentifier = (text: string): boolean => identifierPattern.test(text)

import { hash, verify } from '@node-rs/argon2'

/** argon2id by OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const owasp = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

const passwordLengthMin = 12
/** Longer ones cost hashing time and add nothing. Bytes of UTF-8. */
const passwordBytesMax = 128

/** Why a password cannot be set, or null. */
export const passwordFault = (password: string): string | null => {
  if (password.length < passwordLengthMin) return `a password has at least ${passwordLengthMin} characters`
  if (Buffer.byteLength(password) > passwordBytesMax) return `a password has at most ${passwordBytesMax} bytes`
  return null
}

/** A PHC string with a random salt. About 15 ms of a core. */
export const hashPassword = (password: string): Promise<string> => hash(password, owasp)

let dummy: Promise<string> | undefined

/**
 * Whether the password is the one that was hashed. With `null` (an unknown user, or one without a password) it hashes all the same and answers
 * false, so that the time taken tells nobody which users exist. Never throws: a damaged hash is a wrong password.
 */
export const verifyPassword = async (passwordHash: string | null, password: string): Promise<boolean> => {
  if (Buffer.byteLength(password) > passwordBytesMax) return false
  dummy ??= hashPassword('nobody has this password')
  try {
    const right = await verify(passwordHash ?? (await dummy), password)
    return right && passwordHash !== null
  } catch {
    return false
  }
}

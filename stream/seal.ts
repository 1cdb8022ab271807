import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { SealBroken, type Sealer } from '../contracts/secrets.ts'

/**
 * AES-256-GCM. A sealed blob is
 *
 *   key id (4) | nonce (12) | tag (16) | ciphertext
 *
 * The key id tells which key sealed it, so that keys can be rotated: the newest seals, all of them open.
 * A nonce is 8 random bytes a process and purpose, then a counter: random 96-bit nonces alone are good for 2^32 blobs a key
 * (NIST SP 800-38D, 8.3), which a busy log writes in two weeks. After 2^32 counts the prefix is drawn anew.
 */
const algorithm = 'aes-256-gcm'
const keyIdBytes = 4
const nonceBytes = 12
const tagBytes = 16
const overheadBytes = keyIdBytes + nonceBytes + tagBytes
const masterKeyBytes = 32
const blindBytes = 16

interface SealKey {
  /** For `blind`. */
  readonly nameKey: Buffer
  readonly id: Buffer
  readonly idWord: number
  readonly key: Buffer
}

const deriveKey = (masterKey: Buffer, purpose: string): SealKey => {
  if (masterKey.length !== masterKeyBytes) throw new RangeError(`a master key is ${masterKeyBytes} bytes, this one has ${masterKey.length}`)
  const key = Buffer.from(hkdfSync('sha256', masterKey, 'wardwatch', `seal:${purpose}`, 32))
  const id = createHash('sha256').update('wardwatch key id').update(key).digest().subarray(0, keyIdBytes)
  const nameKey = Buffer.from(hkdfSync('sha256', masterKey, 'wardwatch', `names:${purpose}`, 32))
  return { id, idWord: id.readUInt32BE(0), key, nameKey }
}

/**
 * A sealer for one purpose (`log`, `state`, `registry` ...): every purpose has a key of its own, derived by HKDF-SHA256, so a
 * blob of one can never be opened as a blob of another. With an array the first key seals and the others only open.
 * Throws `RangeError` for a key that is not 32 bytes; `open` throws `SealBroken`.
 */
export const createSealer = (masterKeys: Buffer | readonly Buffer[], purpose: string): Sealer => {
  const keys = (Buffer.isBuffer(masterKeys) ? [masterKeys] : masterKeys).map((key) => deriveKey(key, purpose))
  const current = keys[0]
  if (current === undefined) throw new RangeError('a sealer needs a master key')
  const nonce = randomBytes(nonceBytes)
  let counter = 0
  const nextNonce = (): void => {
    if (counter > 0xffff_ffff) {
      randomBytes(8).copy(nonce)
      counter = 0
    }
    nonce.writeUInt32BE(counter++, 8)
  }
  return {
    blind: (text) => createHmac('sha256', current.nameKey).update(text).digest().subarray(0, blindBytes),
    seal(plain, context) {
      nextNonce()
      const cipher = createCipheriv(algorithm, current.key, nonce)
      cipher.setAAD(Buffer.from(context))
      const body = cipher.update(plain)
      cipher.final()
      const out = Buffer.allocUnsafe(overheadBytes + body.length)
      out.set(current.id, 0)
      out.set(nonce, keyIdBytes)
      out.set(cipher.getAuthTag(), keyIdBytes + nonceBytes)
      out.set(body, overheadBytes)
      return out
    },
    open(sealed, context) {
      if (sealed.length < overheadBytes)
        throw new SealBroken(`${purpose}: a sealed blob is at least ${overheadBytes} bytes, this one (${context}) has ${sealed.length}`)
      const blob = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
      const idWord = blob.readUInt32BE(0)
      const key = current.idWord === idWord ? current : keys.find((candidate) => candidate.idWord === idWord)
      if (key === undefined)
        throw new SealBroken(
          `${purpose}: ${context} was sealed with another key (id ${blob.toString('hex', 0, keyIdBytes)}, this one is ${current.id.toString('hex')}): give the key that this data was written with`,
        )
      const decipher = createDecipheriv(algorithm, key.key, blob.subarray(keyIdBytes, keyIdBytes + nonceBytes), { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(blob.subarray(keyIdBytes + nonceBytes, overheadBytes))
      const plain = decipher.update(blob.subarray(overheadBytes))
      try {
        decipher.final()
      } catch (error) {
        throw new SealBroken(`${purpose}: ${context} was changed on disk, or belongs elsewhere: its seal does not fit`, { cause: error })
      }
      return plain
    },
  }
}

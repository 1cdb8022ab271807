import { createHmac, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type KeyRefusal = 'wrong-key' | 'key-missing' | 'not-encrypted'

/** Stands beside the tables; says whether they are encrypted and lets a key be checked without touching them. Holds no key. */
const markFile = 'store.json'

/** HMAC-SHA256 of a fixed text: says nothing about a random 256-bit key, and another key never gives it. */
const keyMark = (key: Buffer): string => createHmac('sha256', key).update('wardwatch store key, 1').digest('hex')

/**
 * Whether `key` (null for none) fits what the directory was made with. A new directory takes the mark of the key it is made with.
 * So a wrong key is refused before the engine opens a file: the engine itself would tell it only by failing to load tables.
 */
export const checkKey = (directory: string, key: Buffer | null): KeyRefusal | null => {
  const path = join(directory, markFile)
  if (!existsSync(path)) {
    const mark = key === null ? { encrypted: false } : { encrypted: true, keyMark: keyMark(key) }
    writeFileSync(path, `${JSON.stringify({ format: 1, ...mark })}\n`, { mode: 0o600, flush: true, flag: 'wx' })
    return null
  }
  const mark = JSON.parse(readFileSync(path, 'utf8')) as { encrypted: boolean; keyMark?: string }
  if (!mark.encrypted) return key === null ? null : 'not-encrypted'
  if (key === null) return 'key-missing'
  const held = Buffer.from(mark.keyMark ?? '', 'hex')
  const asked = Buffer.from(keyMark(key), 'hex')
  return held.length === asked.length && timingSafeEqual(held, asked) ? null : 'wrong-key'
}

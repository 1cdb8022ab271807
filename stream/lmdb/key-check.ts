import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SealBroken, type Sealer } from '../../contracts/secrets.ts'

const fileName = 'key-check'
const context = 'key-check'
const words = 'This directory is sealed with the key that opens this.'

/**
 * Refuses a directory that was written with another key, before anything is read or written with the wrong one. A directory
 * without a check gets one; after a rotation it is sealed anew with the current key. Throws `SealBroken`.
 */
export const checkKey = (directory: string, sealer: Sealer, nonce: string): void => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, fileName)
  let sealed: Buffer | null = null
  try {
    sealed = readFileSync(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  if (sealed !== null) {
    try {
      sealer.open(sealed, context)
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error
      throw new SealBroken(`${directory} was written with another key: give the key that it was written with (${error.message})`, {
        cause: error,
      })
    }
  }
  // Written beside and renamed, so that no other process ever reads half of it.
  const beside = `${path}.${process.pid}.${nonce}`
  try {
    writeFileSync(beside, sealer.seal(Buffer.from(words), context), { mode: 0o600 })
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    // A full disk is no reason not to read what is there.
    if (sealed === null) throw error
  }
}

import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const depthMax = 64

/**
 * Makes a directory for the owner alone, and those above it; answers why it could not. Step by step, because Node's own recursive way never
 * comes back from a file system that answers ENOENT to a mkdir (/proc).
 */
export const makeDirectory = (path: string): string | null => {
  const missing: string[] = []
  let at = resolve(path)
  for (let depth = 0; ; depth++) {
    const found = statSync(at, { throwIfNoEntry: false })
    if (found !== undefined) {
      if (!found.isDirectory()) return `${at} is not a directory`
      break
    }
    if (depth === depthMax || dirname(at) === at) return `${path} can not be made`
    missing.push(at)
    at = dirname(at)
  }
  try {
    for (const directory of missing.toReversed()) mkdirSync(directory, { mode: 0o700 })
    accessSync(resolve(path), constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    return `${path} can not be used: ${error instanceof Error ? error.message : String(error)}`
  }
}

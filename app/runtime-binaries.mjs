// Finds the runtimes that come from npm as optional dependencies. Plain JavaScript, because the launcher runs on an old Node.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const nodeMajorMin = 26

const packageFolder = (name) => {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    return null
  }
}

const firstFile = (folder, names) =>
  folder === null ? null : (names.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null)

/** Path of a Node >= 26: this one when it is new enough, else the one from npm; null when there is none. */
export const nodeBinary = () => {
  if (!process.versions.bun && Number(process.versions.node.split('.')[0]) >= nodeMajorMin) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  return firstFile(packageFolder(`node-${platform}-${process.arch}`), ['bin/node', 'bin/node.exe'])
}

/** Path of Bun from npm, or null where the platform has no package or the processor lacks AVX2 (Bun's default build needs it). */
export const bunBinary = () => {
  if (process.versions.bun) return process.execPath
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const architecture = process.arch === 'arm64' ? 'aarch64' : process.arch
  if (process.platform === 'linux' && process.arch === 'x64' && !linuxHasAvx2()) return null
  return firstFile(packageFolder(`@oven/bun-${platform}-${architecture}`), ['bin/bun', 'bin/bun.exe'])
}

const linuxHasAvx2 = () => {
  try {
    return /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'latin1'))
  } catch {
    return true
  }
}

import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { spawnSync } from 'node:child_process'
import { bunBinary } from '../app/runtime-binaries.mjs'

const versionOf = (binary: string | null, words: readonly string[], pattern: RegExp): string | null => {
  if (binary === null) return null
  const { stdout, stderr } = spawnSync(binary, words, { encoding: 'utf8' })
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? null
}

/** What a figure is worth nothing without. */
export const machineFacts = (): Readonly<Record<string, string | number | null>> => ({
  processor: cpus()[0]?.model ?? null,
  cores: cpus().length,
  memoryGigabytes: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  system: /PRETTY_NAME="(.*)"/.exec(safeRead('/etc/os-release'))?.[1] ?? process.platform,
  node: process.versions.node,
  bun: versionOf(bunBinary(), ['--version'], /([\d.]+)/),
  mosquitto: versionOf('mosquitto', ['-h'], /version ([\d.]+)/),
})

const safeRead = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { contexts } from './contexts.ts'
import { docker, labelOf, step } from './docker.ts'
import { foreignImages, nameOf, type StandInName, standInNames } from './image-names.ts'

/** On every stand-in, with a hash of what it was made from; no real image has it. */
const standInLabel = 'org.wardwatch.stand-in'

const standInOf = (image: string): StandInName | null => standInNames.find((name) => name === nameOf(image)) ?? null

export const isStandIn = (image: string): boolean => (labelOf(image, standInLabel) ?? '') !== ''

/** As `labelOf`: an image that is there and is no stand-in is real. */
const hasRealImage = (image: string): boolean => labelOf(image, standInLabel) === ''

/** What an image is made from. Packages of Debian are not in it: an image that exists stays as it is until a file of ours changes. */
const contentOf = (name: StandInName): string => {
  const hash = createHash('sha256').update(readFileSync(join(import.meta.dirname, 'debian.sh')))
  if (name === 'debian') return hash.digest('hex')
  const { dockerfile, versions, files } = contexts[name]
  for (const file of [dockerfile, ...files]) hash.update(`${basename(file)}\0`).update(readFileSync(file))
  return hash.update(versions.join('\n')).digest('hex')
}

const build = async (name: StandInName, image: string, content: string): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-image-'))
  try {
    if (name === 'debian') {
      await step('sh', [join(import.meta.dirname, 'debian.sh'), image, `${standInLabel}=${content}`])
      return
    }
    const { dockerfile, fill } = contexts[name]
    await fill(directory)
    cpSync(dockerfile, join(directory, 'Dockerfile'))
    await step('docker', ['build', '-q', '--force-rm', '--label', `${standInLabel}=${content}`, '-t', image, directory])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export interface ImagesReady {
  readonly real: readonly string[]
  readonly standIns: readonly string[]
  /** Neither there nor to be had. */
  readonly missing: readonly string[]
}

/**
 * Every image that docker-compose.yml and the Dockerfile name: the real one when it is there or can be pulled, else a stand-in under the same name.
 * FOR TESTS ONLY. A stand-in that is there and was made from the same content is taken again.
 */
export const readyImages = async (say: (line: string) => void): Promise<ImagesReady> => {
  const real: string[] = []
  const standIns: string[] = []
  const missing: string[] = []
  let registryAway: string | null = null
  for (const image of foreignImages()) {
    if (hasRealImage(image)) {
      real.push(image)
      continue
    }
    const name = standInOf(image)
    const content = name === null ? '' : contentOf(name)
    const label = labelOf(image, standInLabel)
    if (label === null && registryAway === null)
      try {
        say(`${image}: pulling`)
        await docker('pull', '-q', image)
        real.push(image)
        continue
      } catch (error) {
        registryAway = (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1)!
        say(`the registry of images can't be reached: ${registryAway}`)
      }
    if (name === null) {
      missing.push(image)
      continue
    }
    standIns.push(image)
    if (label === content) continue
    say(`${image}: making a STAND-IN`)
    await build(name, image, content)
  }
  return { real, standIns, missing }
}

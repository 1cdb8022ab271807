import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const kustomizeVersion = '5.7.1'
const sources = join(import.meta.dirname, 'strict-decode')
/** From 1.21 on Go fetches the toolchain that a module asks for from the Go proxy; Debian 12's own is 1.19. */
const isNewEnough = (program: string): boolean => {
  const { error, stdout } = spawnSync(program, ['env', 'GOVERSION'], { encoding: 'utf8' })
  const [, minor] = error === undefined ? (/^go1\.(\d+)/.exec(stdout) ?? []) : []
  return Number(minor ?? 0) >= 21
}
const go = (): string | undefined => ['go', '/usr/local/go/bin/go'].find(isNewEnough)

/** Why the programs can't be had here; null when they can. */
export const lackingGo = (): string | null =>
  go() === undefined ? 'Go 1.21 or later, which builds kustomize and the strict decoder, is not installed' : null

/** A program of the cache; built aside and moved there when it is missing, for another test run may be at the same. */
const cached = (name: string, program: string, build: (aside: string) => void): string => {
  const folder = join(homedir(), '.cache', 'wardwatch', name)
  const file = join(folder, program)
  if (existsSync(file)) return file
  const aside = `${folder}-${process.pid}`
  mkdirSync(aside, { recursive: true })
  build(aside)
  try {
    renameSync(aside, folder)
  } catch (error) {
    if (!existsSync(file)) throw error
  }
  return file
}

/** Kustomize, from the Go proxy. */
export const kustomize = (): string =>
  cached(`kustomize-v${kustomizeVersion}`, 'kustomize', (aside) =>
    execFileSync(go()!, ['install', `sigs.k8s.io/kustomize/kustomize/v5@v${kustomizeVersion}`], { env: { ...process.env, GOBIN: aside } }),
  )

/** strict-decode/, on the types of client-go. */
export const strictDecode = (): string => {
  const hash = createHash('sha256')
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(sources, file)))
  return cached(`strict-decode-${hash.digest('hex').slice(0, 16)}`, 'strict-decode', (aside) =>
    execFileSync(go()!, ['build', '-o', join(aside, 'strict-decode'), '.'], { cwd: sources }),
  )
}

// Run by itself, as CI does before the tests, it only builds: a minute or two.
if (process.argv[1] === import.meta.filename && lackingGo() === null) {
  kustomize()
  strictDecode()
}

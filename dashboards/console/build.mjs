// Builds the console when it is missing or stale: `node dashboards/console/build.mjs`, or `ensureConsole` at the platform's start. Plain
// JavaScript, because whoever starts the platform may have an old Node.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { nodeBinary } from '../../app/runtime-binaries.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const stampFile = (dist) => join(dist, '.stamp')

/** Where the built console lies. */
export const consoleDirectory = join(here, 'dist')

const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))

/** SHA-256 over everything that the build reads: sources, settings, and the lock file for the packages. */
const sourcesHash = () => {
  const files = [
    ...filesUnder(join(here, 'src')).filter((file) => !file.endsWith('.test.ts')),
    ...filesUnder(join(here, 'public')),
    ...['index.html', 'vite.config.ts', 'tsconfig.json'].map((name) => join(here, name)),
    join(root, 'package-lock.json'),
  ].sort()
  const hash = createHash('sha256')
  for (const file of files)
    hash
      .update(`${relative(root, file).split(sep).join('/')}\0`)
      .update(readFileSync(file))
      .update('\0')
  return hash.digest('hex')
}

const isFresh = (hash) => {
  try {
    return existsSync(join(consoleDirectory, 'index.html')) && readFileSync(stampFile(consoleDirectory), 'utf8') === hash
  } catch {
    return false
  }
}

/** Vite 8 runs from Node 20.19, 22.12 and 23 on. */
const canBuildHere = () => {
  if (process.versions.bun) return false
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major >= 23 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
}

const buildHere = async (hash) => {
  const { build } = await import('vite')
  // Beside the one that is served, and then in its place: a reader never sees half a build.
  const fresh = `${consoleDirectory}-${process.pid}`
  const old = `${consoleDirectory}-${process.pid}-old`
  // vitest says "test" here, and React's own build for that is half as large again, and slower.
  const said = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    await build({ configFile: join(here, 'vite.config.ts'), logLevel: 'error', build: { outDir: fresh } })
    writeFileSync(stampFile(fresh), hash)
    if (existsSync(consoleDirectory)) renameSync(consoleDirectory, old)
    renameSync(fresh, consoleDirectory)
  } finally {
    if (said === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = said
    rmSync(fresh, { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
}

const buildElsewhere = (node) =>
  new Promise((resolve) => {
    const child = spawn(node, [fileURLToPath(import.meta.url)], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2_000)))
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? null : said.trim() || `the build ended with ${code}`))
  })

/** Builds the console unless it is there and of these sources. @param {{ log?: (line: string) => void }} options */
export const ensureConsole = async ({ log = () => {} } = {}) => {
  try {
    // An installation without sources or build tools serves what it came with.
    if (!existsSync(join(here, 'src')) && existsSync(join(consoleDirectory, 'index.html'))) return { ok: true }
    const hash = sourcesHash()
    if (isFresh(hash)) return { ok: true }
    log('building the web console (some seconds, only when it has changed)')
    if (canBuildHere()) await buildHere(hash)
    else {
      const node = nodeBinary()
      if (node === null) return { ok: false, problem: 'the console needs Node 20.19 or later to be built' }
      const problem = await buildElsewhere(node)
      if (problem !== null) return { ok: false, problem: `the console was not built: ${problem}` }
    }
    return { ok: true }
  } catch (error) {
    const missing = error?.code === 'ERR_MODULE_NOT_FOUND' ? ' (`npm ci` without --omit=dev brings what it is built with)' : ''
    return { ok: false, problem: `the console was not built: ${error instanceof Error ? error.message : String(error)}${missing}` }
  }
}

/** Chunks that the queue with an alert beside it loads although they are imported late. */
const firstScreenLate = ['src/plot/signal-plots.tsx']

/** Bytes, gzipped, of all JavaScript that the first screen loads: the queue with an alert and its plots. */
export const firstScreenJsGzipBytes = () => {
  const manifest = JSON.parse(readFileSync(join(consoleDirectory, '.vite', 'manifest.json'), 'utf8'))
  const files = new Set()
  const seen = new Set()
  const take = (name) => {
    const chunk = manifest[name]
    if (chunk === undefined || seen.has(name)) return
    seen.add(name)
    files.add(chunk.file)
    for (const imported of chunk.imports ?? []) take(imported)
  }
  for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry || firstScreenLate.includes(name)) take(name)
  for (const name of firstScreenLate) if (!seen.has(name)) throw new Error(`${name} is no chunk of the build`)
  const scripts = [...files].filter((file) => file.endsWith('.js'))
  return [...scripts, 'theme.js'].reduce((sum, file) => sum + gzipSync(readFileSync(join(consoleDirectory, file)), { level: 9 }).length, 0)
}

const firstScreenBytesMax = 150_000

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const built = await ensureConsole({ log: (line) => process.stdout.write(`${line}\n`) })
  if (built.ok) {
    const bytes = firstScreenJsGzipBytes()
    process.stdout.write(`first screen: ${bytes} bytes of JavaScript, gzipped (at most ${firstScreenBytesMax})\n`)
    if (bytes > firstScreenBytesMax) process.exitCode = 1
  } else {
    process.stderr.write(`${built.problem}\n`)
    process.exitCode = 1
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createSealer } from '../seal.ts'
import { openLmdbLog } from './open-lmdb-log.ts'

const bun = fileURLToPath(new URL('../../node_modules/@oven/bun-linux-x64/bin/bun', import.meta.url))
const at = (file: string): string => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)))
const opensMin = 600

/** Without opening-gate.ts this loses a commit in every few hundred openings, and damages the environment. */
it('a log that other processes open and close all the time loses nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-storm-'))
  const open = () => openLmdbLog({ directory, sealer: createSealer(Buffer.alloc(32, 1), 'log'), clock: { now: Date.now } })
  const source = `
    import { writeSync } from 'node:fs'
    import { openLmdbLog } from ${at('open-lmdb-log.ts')}
    import { createSealer } from ${at('../seal.ts')}
    for (;;) {
      const log = await openLmdbLog({ directory: ${JSON.stringify(directory)}, sealer: createSealer(Buffer.alloc(32, 1), 'log'), clock: { now: Date.now } })
      await log.ranges(['findings.v1'])
      await log.close()
      writeSync(1, '.')
    }`
  const log = await open()
  const runtimes = existsSync(bun) ? [process.execPath, bun] : [process.execPath, process.execPath]
  let opens = 0
  const openers = runtimes.map((runtime) => {
    const child = spawn(runtime, runtime === bun ? ['-e', source] : ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.stdout.on('data', (dots: Buffer) => (opens += dots.length))
    return child
  })
  const exits = openers.map((child) => once(child, 'exit'))
  const acknowledged: string[] = []
  await Promise.all(
    [0, 1, 2, 3].map(async (hand) => {
      for (let i = 0; opens < opensMin; i++) {
        await log.append('findings.v1', [{ key: `k${i % 7}`, value: Buffer.from(`${hand}/${i}`) }])
        acknowledged.push(`${hand}/${i}`)
      }
    }),
  )
  for (const child of openers) child.kill('SIGKILL')
  await Promise.all(exits)
  const found: string[] = []
  for (const { partition, earliest, next } of await log.ranges(['findings.v1']))
    for await (const { records } of log.read('findings.v1', partition, earliest, next))
      for (const { value } of records) found.push(Buffer.from(value).toString())
  expect(found.sort()).toEqual(acknowledged.sort())
  await log.close()
  rmSync(directory, { recursive: true, force: true })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { identityOf } from '../process-identity.ts'
import { createOpeningGate } from './opening-gate.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-gate-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const gate = () => createOpeningGate(directory, () => performance.now())
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1))
}

it('an opening waits for the commits of others, and a commit for the openings', async () => {
  const [a, b] = [gate(), gate()]
  const happened: string[] = []
  const commit = Promise.withResolvers<void>()
  const committed = a.committing(() => commit.promise.then(() => happened.push('committed')))
  const open = Promise.withResolvers<void>()
  const opened = b.opening(async () => {
    happened.push('opening')
    await open.promise
    happened.push('opened')
  })
  await turns(10)
  const second = a.committing(async () => happened.push('second commit'))
  await turns(10)
  expect(happened).toEqual([])
  commit.resolve()
  await committed
  while (happened.length < 2) await turns(1)
  await turns(10)
  expect(happened).toEqual(['committed', 'opening'])
  open.resolve()
  await Promise.all([opened, second])
  expect(happened).toEqual(['committed', 'opening', 'opened', 'second commit'])
  await Promise.all([a.closing(async () => {}), b.closing(async () => {})])
  expect(readdirSync(directory)).toEqual([])
})

it('of many openings one runs at a time, and a failed one is over', async () => {
  let inside = 0
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) =>
      gate().opening(async () => {
        inside++
        await turns(2)
        const seen = inside--
        if (i % 3 === 0) throw new Error('could not be opened')
        return seen
      }),
    ),
  )
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed'))).toEqual(
    Array.from({ length: 8 }, (_, i) => (i % 3 === 0 ? 'failed' : 1)),
  )
})

it('what a process left behind that was killed in a commit or an opening holds up nobody', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const { pid, startTicks } = identityOf(child.pid!)
  child.kill('SIGKILL')
  await once(child, 'exit')
  writeFileSync(join(directory, `committing-${pid}-${startTicks}-00000000`), '1')
  writeFileSync(join(directory, 'opening.lock'), JSON.stringify({ pid, startTicks, children: [] }))
  const here = gate()
  expect(await here.committing(async () => 'committed')).toBe('committed')
  expect(await here.opening(() => 'opened')).toBe('opened')
  await here.closing(async () => {})
  expect(readdirSync(directory)).toEqual([])
})

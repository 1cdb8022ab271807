import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CaseEvent } from '../contracts/case-event.ts'
import { openLmdbLog } from '../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../stream/seal.ts'
import { createCaseFold } from './group/fold.ts'
import { restore } from './restore.ts'
import { verifyChain } from './verify/verify-chain.ts'

/**
 * `kill -9` in the middle of 1,000 triage actions of five people, while findings come in; again and again on the same data: each action that was
 * acknowledged is in the chain once, each finding is counted once, the chain is whole, and the desk goes on from there.
 */
const key = 'cd'.repeat(32)
const roundActions = 1_000
let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-triage-kill-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const at = (file: string): string => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)))

const deskSource = (round: number): string => `
  import { writeSync } from 'node:fs'
  import { openLmdbLog } from ${at('../stream/lmdb/open-lmdb-log.ts')}
  import { createSealer } from ${at('../stream/seal.ts')}
  import { startTriage } from ${at('start-triage.ts')}
  import { findingAt } from ${at('findings.fixture.ts')}
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const log = await openLmdbLog({ directory: ${JSON.stringify(directory)}, sealer: createSealer(Buffer.from('${key}', 'hex'), 'log'), clock: { now: Date.now } })
  const desk = await startTriage({ log, clock: { now: Date.now }, logger: quiet, lookMs: 5 })
  const write = (findings) => log.append('findings.v1', findings.map((f) => ({ key: f.device, partition: 0, value: Buffer.from(JSON.stringify(f)) })))
  // The last findings of the round before come once more, as from a detector host that was killed; they begin a new alert where one was closed.
  let offset = Math.max(0, ${round} * 10_000 - 5)
  const find = () => write(Array.from({ length: 5 }, () => { offset += 1; return findingAt(offset, { device: 'd' + (offset % 7) }) }))
  await find()
  while (desk.newest(1).length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  let left = ${roundActions}
  const person = async (name) => {
    for (let n = 0; left-- > 0; n++) {
      if (n % 20 === 0) await find()
      const alerts = desk.newest(20)
      const alert = alerts[(n * 7 + name.length) % alerts.length]
      const action = [
        { type: 'acknowledge' }, { type: 'assign', owner: name }, { type: 'note', note: name + '/' + n }, { type: 'snooze', until: Date.now() + 50 },
        { type: 'undo', undoes: alert.version }, { type: 'close', verdict: 'other', reason: name + ' ' + n },
      ][n % 6]
      let outcome = await desk.act(alert.id, alert.version, name, action)
      // Whatever the state, a note goes: every turn gives an acknowledged action.
      if (!outcome.ok) outcome = await desk.act(alert.id, null, name, { type: 'note', note: '${round}/' + name + '/again/' + n })
      if (outcome.ok) writeSync(1, outcome.event.sequence + ' ' + outcome.event.hash + '\\n')
    }
  }
  await Promise.all(['ann', 'bobby', 'cem', 'dorothea', 'eve'].map(person))
  writeSync(1, 'all done\\n')
  await desk.close()
  await log.close()
`

const runUntil = async (round: number, acknowledgedMin: number): Promise<string[]> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', deskSource(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  let said = ''
  for await (const piece of child.stdout.setEncoding('utf8')) {
    said += piece
    if (said.split('\n').length > acknowledgedMin) child.kill('SIGKILL')
  }
  await exit
  // A line that was cut off by the kill says nothing.
  return said.slice(0, said.lastIndexOf('\n') + 1).split('\n').filter(Boolean) // prettier-ignore
}

it('acknowledged actions survive kill -9, each once', async () => {
  const acknowledged: string[] = []
  const kills = [30, 400, 701, 150, Infinity]
  for (const [round, kill] of kills.entries()) {
    const lines = await runUntil(round, kill)
    expect(lines.length).toBeGreaterThanOrEqual(Math.min(kill, roundActions))
    if (kill === Infinity) expect(lines.pop()).toBe('all done')
    acknowledged.push(...lines)

    const log = await openLmdbLog({
      directory,
      sealer: createSealer(Buffer.from(key, 'hex'), 'log'),
      clock: { now: Date.now },
    })
    const report = await verifyChain(log)
    expect(report).toMatchObject({ ok: true })
    const events: CaseEvent[] = []
    const fold = createCaseFold()
    await restore(log, fold, (event) => events.push(event))
    const inChain = new Map(events.map((event) => [`${event.sequence} ${event.hash}`, event]))
    expect(inChain.size).toBe(events.length)
    expect(acknowledged.filter((line) => !inChain.has(line))).toEqual([])
    expect(new Set(acknowledged).size).toBe(acknowledged.length)
    const findings = events.flatMap((event) => ('finding' in event ? [event.finding] : []))
    expect(new Set(findings).size).toBe(findings.length)
    expect([...fold.alerts()].reduce((sum, { count }) => sum + count, 0)).toBe(findings.length)
    await log.close()
  }
  expect(acknowledged.length).toBeGreaterThan(2_000)
}, 120_000)

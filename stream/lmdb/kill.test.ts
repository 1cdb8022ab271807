import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSealer } from '../seal.ts'
import { openLmdbLog } from './open-lmdb-log.ts'

/**
 * Two writers at once, of both runtimes, killed in the middle of it, again and again on the same directory: every record they were
 * told was durable is there exactly once, and a reader that was reading all the while has seen nothing that is not there after.
 */
const bun = fileURLToPath(new URL('../../node_modules/@oven/bun-linux-x64/bin/bun', import.meta.url))
const runtimes = existsSync(bun) ? [process.execPath, bun] : [process.execPath, process.execPath]
const topics = ['observations.by-device.v1', 'findings.v1'] as const
const key = 'ab'.repeat(32)

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-kill-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const at = (file: string): string => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)))

/** Appends without pause from four hands, and says on stdout which ids have been acknowledged: the last write before a kill counts. */
const writerSource = (writer: string): string => `
  import { writeSync } from 'node:fs'
  import { openLmdbLog } from ${at('open-lmdb-log.ts')}
  import { createSealer } from ${at('../seal.ts')}
  const log = await openLmdbLog({ directory: ${JSON.stringify(directory)}, sealer: createSealer(Buffer.from('${key}', 'hex'), 'log'), clock: { now: Date.now } })
  const topics = ${JSON.stringify(topics)}
  let n = 0
  const hand = async (topic, size) => {
    for (;;) {
      const ids = Array.from({ length: 1 + (n % size) }, () => n++)
      await log.append(topic, ids.map((id) => ({ key: 'device-' + (id % 17), value: Buffer.from('${writer}/' + id + '/' + 'x'.repeat(id % 500)) })))
      writeSync(1, ids.join(' ') + '\\n')
    }
  }
  await Promise.all([hand(topics[0], 40), hand(topics[0], 3), hand(topics[1], 5), hand(topics[0], 200)])
`

interface Writer {
  readonly child: ChildProcess
  readonly name: string
  readonly acknowledged: () => number[]
  readonly until: (count: number) => Promise<void>
}

const startWriter = (runtime: string, name: string): Writer => {
  const args = runtime === bun ? ['-e', writerSource(name)] : ['--input-type=module', '-e', writerSource(name)]
  const child = spawn(runtime, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  let wake = (): void => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    wake()
  })
  // A line that was cut off by the kill says nothing.
  const acknowledged = (): number[] =>
    said
      .slice(0, said.lastIndexOf('\n') + 1)
      .split(/\s+/)
      .filter(Boolean)
      .map(Number)
  return {
    child,
    name,
    acknowledged,
    async until(count) {
      while (acknowledged().length < count) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
}

const sealer = createSealer(Buffer.from(key, 'hex'), 'log')
const open = () => openLmdbLog({ directory, sealer, clock: { now: Date.now } })

it.each([1, 2, 3, 4])('round %i: killed writers of both runtimes lose and double nothing that was acknowledged', async (seed) => {
  const reading = await open()
  const starts = await reading.ranges(topics)
  const seen = new Set<string>()
  const consumer = await reading.consume({
    topics,
    group: 'watcher',
    onAssigned: async () => starts.map(({ next }) => next),
    onBatch: async ({ topic, partition, records }) => {
      for (const { offset, value } of records) seen.add(`${topic}/${partition}/${offset}/${Buffer.from(value).toString()}`)
    },
  })
  const writers = runtimes.map((runtime, i) => startWriter(runtime, `round${seed}-writer${i}`))
  const exits = writers.map(({ child }) => once(child, 'exit'))
  // Somewhere between the 50th and the 2,000th acknowledgement, another place each round.
  await Promise.all(writers.map((writer, i) => writer.until(50 + ((seed * 2_654_435_761 + i * 40_503) % 1_950))))
  for (const { child } of seed % 2 === 0 ? writers : writers.toReversed()) child.kill('SIGKILL')
  await Promise.all(exits)
  await consumer.close()
  await reading.close()

  const log = await open()
  const found = new Set<string>()
  const torn: string[] = []
  const twice: string[] = []
  const places = new Set<string>()
  for (const { topic, partition, next, earliest } of await log.ranges(topics)) {
    for await (const batch of log.read(topic, partition, earliest, next))
      for (const { offset, value } of batch.records) {
        const text = Buffer.from(value).toString()
        const [writer, id, fill] = text.split('/') as [string, string, string]
        const name = `${writer}/${id}`
        if (fill.length !== Number(id) % 500) torn.push(name)
        if (found.has(name)) twice.push(name)
        found.add(name)
        places.add(`${topic}/${partition}/${offset}/${text}`)
      }
  }
  const lost: string[] = []
  for (const { name, acknowledged } of writers) {
    const ids = acknowledged()
    expect(ids.length).toBeGreaterThanOrEqual(50)
    lost.push(...ids.map((id) => `${name}/${id}`).filter((id) => !found.has(id)))
  }
  const unhappened = [...seen].filter((place) => !places.has(place))
  expect({ lost, twice, torn, unhappened }).toEqual({ lost: [], twice: [], torn: [], unhappened: [] })
  expect(seen.size).toBeGreaterThan(0)
  // And it goes on.
  await log.append(topics[0], [{ key: 'device-1', value: Buffer.from(`after/${seed}/${'x'.repeat(seed)}`) }])
  await log.close()
})

it.each(runtimes)(
  'a process that closes the log ends by itself, and with process.exit, without a hang or a crash (%s)',
  async (runtime) => {
    for (const end of ['', 'process.exit(0)']) {
      const source = `
      import { openLmdbLog } from ${at('open-lmdb-log.ts')}
      import { openLmdbStateStore } from ${at('state-store.ts')}
      import { createSealer } from ${at('../seal.ts')}
      const sealer = createSealer(Buffer.from('${key}', 'hex'), 'log')
      const log = await openLmdbLog({ directory: ${JSON.stringify(join(directory, 'exit'))}, sealer, clock: { now: Date.now }, mode: 'owner' })
      const store = await openLmdbStateStore({ directory: ${JSON.stringify(join(directory, 'exit-state'))}, sealer })
      await store.write('p', [{ key: 'k', value: Buffer.from('v') }])
      await log.append('findings.v1', [{ key: 'k', value: Buffer.from('v') }])
      const got = Promise.withResolvers()
      await log.consume({ topics: ['findings.v1', 'cases.v1'], group: 'g', onAssigned: async (all) => all.map(() => 'earliest'), onBatch: async () => got.resolve() })
      await got.promise
      void log.append('cases.v1', [{ key: 'k', value: Buffer.from('at the last moment') }])
      await log.close()
      await store.close()
      ${end}`
      const child = spawn(runtime, runtime === bun ? ['-e', source] : ['--input-type=module', '-e', source], {
        stdio: ['ignore', 'inherit', 'pipe'],
      })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
      expect(await once(child, 'exit')).toEqual([0, null])
      expect(stderr).toBe('')
    }
  },
)

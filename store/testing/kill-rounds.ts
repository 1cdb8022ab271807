import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { readRows } from '../read-rows.ts'
import { rollUp } from '../landing/roll-up.ts'
import { createRandom, killRecords } from './kill-story.ts'
import { openedStore, temporaryDirectory } from './temporary-store.ts'

export interface KillOutcome {
  /** Processes that were killed before they were done. */
  readonly kills: number
  readonly counted: Readonly<Record<string, number>>
  readonly expected: Readonly<Record<string, number>>
  /** Rows beyond one for a log position, over all tables. */
  readonly doubles: number
  /** Minutes of the roll-up that differ from the readings. */
  readonly wrongMinutes: number
}

/** Lands one story in processes that are killed with SIGKILL at random moments, `killsMax` times, then lets one finish. */
export const killRounds = async (seed: number, killsMax: number, runtime = process.execPath): Promise<KillOutcome> => {
  const random = createRandom(seed ^ 0x5eed)
  const home = temporaryDirectory()
  let kills = 0
  for (let round = 0; ; round++) {
    const child = spawn(runtime, [join(import.meta.dirname, 'landing-child.ts'), home.path, String(seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let errors = ''
    let killAt: ReturnType<typeof setTimeout> | undefined
    const afterMs = random() * 400
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString()
      if (killAt === undefined && round < killsMax && out.includes('started')) killAt = setTimeout(() => child.kill('SIGKILL'), afterMs)
    })
    await once(child, 'close')
    clearTimeout(killAt)
    if (out.includes('landed')) break
    if (child.signalCode !== 'SIGKILL') throw new Error(`the landing process failed by itself: ${errors}`)
    kills++
  }
  const store = await openedStore(home.path)
  try {
    await rollUp(store.query)
    const ints = 'SETTINGS output_format_json_quote_64bit_integers = 0'
    const counted: Record<string, number> = {}
    let doubles = 0
    for (const [name, table] of [
      ['readings', 'readings'],
      ['redeliveries', 'redeliveries'],
      ['deadLetters', 'dead_letters'],
      ['sessions', 'sessions'],
      ['findings', 'findings'],
    ] as const) {
      const [row] = await readRows<[number, number, number]>(
        store.query,
        `SELECT count(), uniqExact(log_topic, log_partition, log_offset), ${table === 'findings' ? 'uniqExact(id)' : '0'} FROM ${table} ${ints}`,
      )
      counted[name] = row![0]
      doubles += row![0] - row![1] + (table === 'findings' ? row![0] - row![2] : 0)
    }
    const [wrong] = await readRows<[number]>(
      store.query,
      `SELECT count() FROM (SELECT device, minute, min, max, sum, count FROM readings_by_minute FINAL WHERE vital = 'hr') AS r
       FULL OUTER JOIN (SELECT device, toStartOfMinute(at) AS minute, min(hr) AS low, max(hr) AS high, sum(hr) AS total, count(hr) AS times FROM readings GROUP BY device, minute) AS t USING (device, minute)
       WHERE r.min != t.low OR r.max != t.high OR r.sum != t.total OR r.count != t.times ${ints}`,
    )
    return { kills, counted, expected: killRecords(seed).expected, doubles, wrongMinutes: wrong![0] }
  } finally {
    await store.close()
    home.remove()
  }
}

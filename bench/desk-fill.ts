// Fills a directory for the desk's bench: `desk-fill.ts DIRECTORY READINGS [SECONDS]`. In a process of its own: what it needed is gone when it is measured.
// It goes step by step; after SECONDS it ends with 3, and called again it goes on.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { systemClock } from '../contracts/clock.ts'
import { silentLogger } from '../contracts/logger.ts'
import { openStore, type Store, storeSettings } from '../store/open.ts'
import { fillAlerts } from './desk-fill-alerts.ts'
import { benchKey, type DeskScale, deskScale, type Filled, fillVersion, spacingsSeconds } from './desk-scale.ts'

const [directory, readings, secondsMax = '1000000'] = process.argv.slice(2) as [string, string, string?]
const scale = deskScale(Number(readings))
const begun = performance.now()
const progress = (line: string): void =>
  void process.stderr.write(`desk fill ${Math.round((performance.now() - begun) / 1_000)} s: ${line}\n`)

interface Begun {
  readonly version: number
  readonly readings: number
  readonly nowMs: number
  readonly done: string[]
}
const begunFile = join(directory, 'begun.json')
const knownBegun = existsSync(begunFile) ? (JSON.parse(readFileSync(begunFile, 'utf8')) as Begun) : null
const goesOn = knownBegun !== null && knownBegun.version === fillVersion && knownBegun.readings === scale.readings
if (!goesOn) rmSync(directory, { recursive: true, force: true })
mkdirSync(directory, { recursive: true, mode: 0o700 })
const state: Begun = goesOn ? knownBegun : { version: fillVersion, readings: scale.readings, nowMs: Date.now(), done: [] }

/** Does what is not done yet. */
const step = async (name: string, run: () => Promise<void>): Promise<void> => {
  if (state.done.includes(name)) return
  if (performance.now() - begun > Number(secondsMax) * 1_000) {
    await store.close()
    process.exit(3)
  }
  await run()
  state.done.push(name)
  writeFileSync(begunFile, JSON.stringify(state))
  progress(name)
}

/** Readings as numbers() makes them: believable values, one device after the other, each at its own interval up to now. */
const fillReadings = async (store: Store, { readings: total, devices }: DeskScale, nowMs: number): Promise<void> => {
  const each = Math.floor(total / devices)
  const devicesAStep = Math.max(1, Math.floor(2_500_000 / each))
  for (let from = 0; from < devices; from += devicesAStep) {
    const until = Math.min(devices, from + devicesAStep)
    const noise = (salt: number): string => `((n * ${salt}) % 1009) / 1009`
    await step(`readings of ${until} devices`, () =>
      store.query
        .command({
          query: `INSERT INTO readings (device, site, model, session, at, received_at, device_time, seq, boot_id, firmware, battery_percent, hr, spo2, resp, abpSys, temp,
          infusionRate, linePressure, bytes, payload_hash, redelivered, log_topic, log_partition, log_offset, landed_at)
        SELECT concat('dev-', leftPad(toString(d), 5, '0')), concat('site-', toString(intDiv(d, 5) % 20)), ['monitor-a', 'monitor-b', 'wearable-x', 'wearable-y', 'pump-3'][kind + 1],
          concat('s-', toString(d)), time, time + toIntervalMillisecond(40), time, i, 'b', '2.4.1', 100 - (i % 80),
          if(kind < 4, 66 + d % 20 + 8 * sin(i * spacing / 13750) + 4 * ${noise(7919)}, NULL), if(kind < 4, 95 + 3 * ${noise(104729)}, NULL), if(kind < 2, 14 + 4 * ${noise(1299709)}, NULL),
          if(kind < 2, 118 + 20 * ${noise(15485863)}, NULL), if(kind IN (2, 3), 36.5 + ${noise(32452843)}, NULL), if(kind = 4, 5 + intDiv(i, 900) % 7, NULL), if(kind = 4, 80 + 30 * ${noise(49979687)}, NULL),
          180 + n % 60, toInt64(cityHash64(n)), false, 'observations.by-device.v1', d % 4, n, time + toIntervalMillisecond(500)
        FROM (
          SELECT number + ${from * each} AS n, intDiv(n, ${each}) AS d, toInt64(n % ${each}) AS i, d % 5 AS kind, [${spacingsSeconds.join(', ')}][kind + 1] AS spacing,
            fromUnixTimestamp64Milli(toInt64(${nowMs} - (${each} - i) * spacing * 1000 + (n * 31) % 900), 'UTC') AS time
          FROM numbers(${(until - from) * each})
        )`,
        })
        .then(() => {}),
    )
  }
  for (let from = 0; from < devices; from += devicesAStep) {
    const until = Math.min(devices, from + devicesAStep)
    const name = (d: number): string => `dev-${String(d).padStart(5, '0')}`
    const vitals = ['hr', 'spo2', 'resp', 'abpSys', 'temp', 'infusionRate', 'linePressure']
    const list = (aggregate: string): string => `[${vitals.map((vital) => `${aggregate}(${vital})`).join(', ')}]`
    await step(`minutes of ${until} devices`, () =>
      store.query
        .command({
          query: `INSERT INTO readings_by_minute SELECT device, vital, minute, site, assumeNotNull(low), assumeNotNull(high), assumeNotNull(total), times
        FROM (SELECT device, toStartOfMinute(at) AS minute, any(site) AS site, ${list('min')} AS lows, ${list('max')} AS highs, ${list('sum')} AS totals, ${list('count')} AS counts
          FROM readings WHERE device >= '${name(from)}' AND device < '${name(until)}' GROUP BY device, minute)
        ARRAY JOIN [${vitals.map((vital) => `'${vital}'`).join(', ')}] AS vital, lows AS low, highs AS high, totals AS total, counts AS times WHERE times > 0`,
        })
        .then(() => {}),
    )
  }
  await step('heard', async () => {
    await store.query.command({ query: `INSERT INTO rollup_marks SELECT 'readings_by_minute', max(landed_at) FROM readings` })
    await store.query.command({
      query: `INSERT INTO heard_by_minute SELECT site, toStartOfMinute(received_at) AS minute, uniqExact(device), count() FROM readings GROUP BY site, minute`,
    })
    await store.query.command({
      query: `INSERT INTO devices_heard SELECT device, max(received_at), '10.0.0.1', (SELECT max(landed_at) FROM readings) FROM readings GROUP BY device`,
    })
  })
}

/** A week of connections and, from a thousand addresses, of refused sign-ins in bursts. */
const fillSessions = async (store: Store, { devices, readings: total }: DeskScale, nowMs: number): Promise<void> => {
  const rows = Math.max(20_000, Math.floor(total / 50))
  await store.query.command({
    query: `INSERT INTO sessions (received_at, event, device, site, model, session, address, client_id, user_name, fingerprint, tls_version, cipher, reason, topic, amount,
        log_topic, log_partition, log_offset, landed_at)
      SELECT time, event, if(event = 'refused', NULL, device), 'site-1', 'm', concat('s', toString(number)),
        if(event = 'refused', concat('10.6.', toString(intDiv(burst, 250) % 4), '.', toString(burst % 250)), concat('10.0.', toString(d % 20), '.', toString(d % 250))),
        device, if(event = 'refused', concat('user', toString(number % 40)), NULL), if(event = 'refused', NULL, hex(MD5(device))), 'TLSv1.3', 'TLS_AES_256_GCM_SHA384',
        if(event = 'refused', 'bad-credentials', NULL), if(event = 'aclDenied', 'v1/+/#', NULL), NULL, 'observations.by-source.v1', number % 4, number, time
      FROM (
        SELECT number, cityHash64(number) % ${devices} AS d, concat('dev-', leftPad(toString(d), 5, '0')) AS device, ['connect', 'disconnect', 'refused', 'refused', 'aclDenied'][number % 5 + 1] AS event,
          intDiv(number, 100) AS burst, fromUnixTimestamp64Milli(toInt64(${nowMs} - 604800000 + intDiv(number * 604800000, ${rows})), 'UTC') AS time
        FROM numbers(${rows})
      )`,
  })
}

const opened = await openStore({
  directory: join(directory, 'store'),
  key: benchKey,
  settings: storeSettings.parse({ mergeThreads: 2, engineMemoryBytesMax: 3_000_000_000 }),
  logger: silentLogger,
  clock: systemClock,
})
if (!opened.ok) throw new Error(opened.detail)
const { store } = opened
const { nowMs } = state
await fillReadings(store, scale, nowMs)
await step('sessions', () => fillSessions(store, scale, nowMs))
await step('alerts', () => fillAlerts({ log: join(directory, 'log'), store, scale, nowMs, progress }))
await store.close()
const megabytes = Number(execFileSync('du', ['-sm', directory], { encoding: 'utf8' }).split('\t')[0])
const filled: Filled = { version: fillVersion, scale, nowMs, fillSeconds: Math.round((performance.now() - begun) / 1_000), megabytes }
writeFileSync(join(directory, 'filled.json'), JSON.stringify(filled))
process.exit(0)

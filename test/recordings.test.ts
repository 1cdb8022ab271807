import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolSimulated } from '../app/simulated-credentials.ts'
import { silentLogger } from '../contracts/logger.ts'
import { parseMapping } from '../simulators/recording/mapping.ts'
import { readRecording } from '../simulators/recording/read-recording.ts'
import { replayRecording } from '../simulators/recording/replay-recording.ts'
import { systemScheduler } from '../simulators/scheduler.ts'
import { freePort } from './platform/free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform/platform-process.ts'
import { queryRows } from './platform/query-rows.ts'

const folder = '../shared/data'
const present = existsSync(folder)
const lacking = present ? '' : ' (skipped: ../shared/data is not here)'

const recordings = [
  { name: 'BIDMC', file: 'bidmc_numerics_1hz_dev.csv.gz', map: 'bidmc-numerics', site: 'bidmc' },
  { name: 'MIMIC-II', file: 'mimic2_numerics_1min.csv.gz', map: 'mimic2-numerics', site: 'mimic2' },
  { name: 'PhysioNet 2012', file: 'physionet2012_a_vitals_400.csv.gz', map: 'physionet2012', site: 'physionet2012' },
] as const

describe.skipIf(!present)(`real recordings over MQTT${lacking}`, () => {
  const data = mkdtempSync(join(tmpdir(), 'ww-recordings-'))
  let platform: PlatformProcess
  beforeAll(async () => {
    platform = await startPlatformProcess({ data, mqttPort: await freePort() })
  })
  afterAll(async () => {
    await platform.stop()
    rmSync(data, { recursive: true, force: true })
  })

  it.each(recordings)(
    '$name: what was acknowledged is what ClickHouse holds, dirty values marked, nothing dead',
    { timeout: 300_000 },
    async ({ file, map }) => {
      const mapping = parseMapping(readFileSync(`simulators/recording/mappings/${map}.json`, 'utf8'))
      if (!mapping.ok) throw new Error(mapping.reason)
      const recording = await readRecording(join(folder, file), mapping.mapping)
      const enrolled = await enrolSimulated(data, recording.devices, () => {})
      if (!enrolled.ok) throw new Error(enrolled.problem)
      const figures = await replayRecording({
        recording,
        speed: 0,
        host: '127.0.0.1',
        port: platform.mqttPort,
        serverName: 'localhost',
        credentials: async ({ device }) => enrolled.credentials.get(device)!,
        scheduler: systemScheduler,
        logger: silentLogger,
      })
      expect(figures.acknowledged).toBe(recording.stats.messages)

      const site = `site IN (${[...new Set(recording.devices.map((device) => `'${device.site}'`))].join(', ')})`
      const landed = async () => {
        const [row] = await queryRows<Record<string, string>>(
          data,
          `SELECT toString(count()) AS rows, toString(uniqExact(device, seq)) AS distinct, toString(sum(length(sentinels))) AS sentinels FROM readings WHERE ${site}`,
        )
        return { rows: Number(row!['rows']), distinct: Number(row!['distinct']), sentinels: Number(row!['sentinels']) }
      }
      const from = Date.now()
      while ((await landed()).rows < figures.acknowledged && Date.now() - from < 60_000) await systemScheduler.sleep(200)
      const { rows, distinct, sentinels } = await landed()
      expect([rows, distinct]).toEqual([figures.acknowledged, figures.acknowledged])

      // 0, -1 and the like: counted here from the file, independently of the decoder.
      let dirty = 0
      for (const { vitals } of recording) for (const [name, value] of Object.entries(vitals)) if (isSentinel(name, value)) dirty++
      expect(sentinels).toBe(dirty)
      expect(dirty).toBeGreaterThan(0)
      const values = await queryRows<{ bad: string }>(
        data,
        `SELECT toString(countIf(hr IN (0, -1) OR abpSys IN (0, -1) OR abpMean IN (0, -1) OR temp = -17.8)) AS bad FROM readings WHERE ${site}`,
      )
      expect(values).toEqual([{ bad: '0' }])
      expect(await queryRows(data, 'SELECT reason, count() AS letters FROM dead_letters GROUP BY reason')).toEqual([])
    },
  )
})

const zeroIsAValue = new Set(['urine', 'etco2', 'steps', 'infusionRate', 'volumeInfused'])
const isSentinel = (name: string, value: number): boolean =>
  value === -1 || (name === 'temp' && value === -17.8) || (value === 0 && !zeroIsAValue.has(name))

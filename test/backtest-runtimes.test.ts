import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const present = existsSync('../shared/data')
const lacking = present ? '' : ' (skipped: ../shared/data is not here)'

/** The findings of a backtest by the CLI on one runtime. */
const backtest = async (runtime: 'bun' | 'node', file: string, map: string): Promise<string> => {
  const words = ['backtest', `../shared/data/${file}`, '--map', `simulators/recording/mappings/${map}.json`, '--runtime', runtime]
  const { stdout } = await run(process.execPath, ['app/main.ts', ...words], { maxBuffer: 1 << 28 })
  return stdout
}

describe.skipIf(!present)(`wardwatch backtest gives the same bytes on both runtimes${lacking}`, () => {
  it.each([
    ['physionet2012_a_vitals_400.csv.gz', 'physionet2012'],
    ['bidmc_numerics_1hz_dev.csv.gz', 'bidmc-numerics'],
    ['fitbit_hr_raw_5s.csv.gz', 'fitbit-hr'],
  ])('%s', { timeout: 180_000 }, async (file, map) => {
    const [bun, node] = await Promise.all([backtest('bun', file, map), backtest('node', file, map)])
    const digest = (text: string) => ({ lines: text.split('\n').length - 1, sha256: createHash('sha256').update(text).digest('hex') })
    expect(digest(bun)).toEqual(digest(node))
  })
})

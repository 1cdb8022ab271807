import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { commands } from '../app/cli/commands.ts'
import { dispatch } from '../app/cli/dispatch.ts'

const empty = mkdtempSync(join(tmpdir(), 'wardwatch-cli-'))

/** A command in this process: what it says and how it ends. */
const wardwatch = async (...words: string[]) => {
  vi.stubEnv('WARDWATCH_DATA', empty)
  let [stdout, stderr] = ['', '']
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true))
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true))
  try {
    const status = await dispatch(words)
    return { status, stdout, stderr }
  } finally {
    out.mockRestore()
    err.mockRestore()
    vi.unstubAllEnvs()
  }
}

afterAll(() => rmSync(empty, { recursive: true, force: true }))

describe('the launcher', () => {
  it('runs on whatever Node is there and passes the exit code on', () => {
    const { status, stderr } = spawnSync('node', ['app/wardwatch.mjs', 'nonsense'], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([2, "wardwatch: unknown command 'nonsense'; wardwatch help lists them\n"])
  })
})

describe('wrong calls get one clear line and exit code 2', () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['nonsense'], /unknown command 'nonsense'/],
    [['run', '--nonsense'], /--nonsense/],
    [['run', '--mqtt-port', '70000'], /mqtt\.port \(--mqtt-port\): "70000" is not allowed: at most 65535/],
    [['run', '--mqtt-port'], /--mqtt-port/],
    [['run', 'extra'], /unexpected 'extra'/],
    [['run', '--roles', 'edge'], /roles edge: without detect, sink, desk nothing works on the embedded log: .* has one owner/],
    [['run', '--roles', 'edge,hub'], /roles \(--roles\): "edge,hub" is not allowed: one of edge, detect, sink, desk, bridge/],
    [['run', '--set', 'nonsense=1'], /unknown setting nonsense/],
    [['run', '--config', '/nowhere/wardwatch.yaml'], /\/nowhere\/wardwatch\.yaml: ENOENT/],
    [['run', '--set', 'limits.packetBytes=1'], /limits\.packetBytes: 1 is not allowed: there is no such limit/],
    [['run', '--set', 'limits.packetBytesMax=1'], /limits\.packetBytesMax: 1 is not allowed: /],
    [['run', '--set', 'detectors.flod.factor=1'], /detectors\.flod: there is no such detector; there are /],
    [['run', '--set', 'detectors.flood.fact=1'], /detectors\.flood\.fact: there is no such parameter; there are factor/],
    [['run', '--set', 'detectors.flood.factor=x'], /detectors\.flood\.factor: "x" is not allowed: /],
    [['demo', '--for', 'ever'], /--for ever: a duration such as 90s/],
    [['demo', '--devices', '3'], /--devices 3: a whole number from 60/],
    [['certificate', '--out', 'x'], /certificate needs --names NAMES/],
    [['certificate', '--names', 'x'], /certificate needs --out DIR/],
    [['certificate', '--names', 'x,,y', '--out', 'x'], /--names: one of the names is empty/],
    [['certificate', '--names', 'x,10.1.2.300', '--out', 'x'], /--names: "10\.1\.2\.300" is neither a host name .* nor an IP address/],
    [['device'], /enrol, revoke, list, command must follow/],
    [['device', 'enrol'], /needs DEVICE/],
    [['device', 'renew'], /enrol, revoke, list, command must follow/],
    [['nonsense', '--help'], /unknown command 'nonsense'/],
    [['simulate', '--devices', '-5'], /--devices -5: a whole number from 1 to 100000/],
    [['run', '--mqtt-port', '-1'], /mqtt\.port \(--mqtt-port\): "-1" is not allowed/],
    [['device', 'enrol', 'x', '--site', '-north'], /--site needs a value, and -north follows it; .* is written --site=-north/],
    [['simulate', '--devices', '--attacks'], /--devices needs a value, and --attacks follows it/],
    [['device', 'list', '--', '-5'], /unexpected '-5'/],
    [['device', 'enrol', 'pump-1'], /--site/],
    [['replay', 'x.csv'], /--map MAP is needed/],
    [['replay', 'x.csv', '--map', 'nowhere.json', '--speed=-1'], /--speed -1: a number from 0 is allowed/],
    [['backtest'], /FILE with --map MAP, or --log/],
    [['backtest', 'nowhere.csv', '--map', 'simulators/recording/mappings/bidmc-numerics.json'], /nowhere\.csv/],
    [['query'], /needs 'SELECT/],
    [['query', 'SELECT 1', '--format', 'Yaml'], /--format Yaml: one of table/],
    [['alerts', '--limit', '0'], /--limit 0: a whole number from 1/],
    [['capacity'], /capacity needs --devices N, or --table/],
    [['capacity', '--devices', '0'], /--devices 0: a whole number from 1 to 1000000000/],
    [['capacity', '--devices', '5', '--messages-per-second-per-device', 'x'], /--messages-per-second-per-device x: a number from 0 to 200/],
    [['capacity', '--devices', '5', '--messages-per-second-per-device', ''], /--messages-per-second-per-device : a number from 0 to 200/],
    [['capacity', '--devices', '5', '--replication', '0'], /--replication 0: a whole number from 1 to 9/],
    [['capacity', '--devices', '5', '--linger-ms', '101'], /--linger-ms 101: a whole number from 1 to 100/],
    [['capacity', '--table', '--devices', '5'], /--table goes alone/],
    [['capacity', '5'], /unexpected '5'/],
  ]
  for (const [words, line] of wrong)
    it(`wardwatch ${words.join(' ')}`, async () => {
      const { status, stdout, stderr } = await wardwatch(...words)
      expect(stderr).toMatch(line)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
      expect([status, stdout]).toEqual([2, ''])
    })
})

describe('wardwatch capacity', () => {
  it('prints every part, what fills first and the day', async () => {
    const { status, stdout, stderr } = await wardwatch('capacity', '--devices', '5000')
    expect([status, stderr]).toEqual([0, ''])
    for (const part of ['edge', 'kafka', 'detect', 'sink', 'clickhouse', 'desk']) expect(stdout).toMatch(new RegExp(`^${part} +\\d`, 'm'))
    expect(stdout).toMatch(/^Nothing is full\. First would be: /m)
    expect(stdout).toMatch(/^ClickHouse away for an hour +messages for the sink +[\d,]+ +\d/m)
  })

  it('as JSON with the figures and where each is from', async () => {
    const { status, stdout } = await wardwatch('capacity', '--devices', '5000', '--json', '--seed', '9')
    const report = JSON.parse(stdout) as { deployment: { devices: number; seed: number }; figures: Record<string, { from: string }> }
    expect([status, report.deployment.devices, report.deployment.seed]).toEqual([0, 5_000, 9])
    expect(Object.values(report.figures).every(({ from }) => from.length > 5)).toBe(true)
  })
})

describe('what the platform would have to answer says that it does not run', () => {
  for (const words of [
    ['device', 'list'],
    ['query', 'SELECT 1'],
    ['device', 'revoke', 'x'],
  ])
    it(`wardwatch ${words.join(' ')}`, async () => {
      const { status, stderr } = await wardwatch(...words)
      expect(status).toBe(1)
      expect(stderr).toMatch(/no platform is running on .*: start one with npm start/)
    })
})

describe('help', () => {
  it('lists every command with its sentence', async () => {
    const { status, stdout } = await wardwatch('help')
    expect(status).toBe(0)
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')}$`, 'm'))
  })
  for (const words of [
    ['kafka', '--help'],
    ['kafka', '-h'],
    ['device', 'renew', '--help'],
    ['help', 'kafka'],
    ['help', 'device', 'renew'],
  ])
    it(`${words.join(' ')} lists the commands of the family`, async () => {
      const family = words.includes('kafka') ? 'kafka' : 'device'
      const { status, stdout, stderr } = await wardwatch(...words)
      expect([status, stderr]).toEqual([0, ''])
      const listed = stdout.split('\n').flatMap((line) => /^  (\w+ \w+) /.exec(line)?.[1] ?? [])
      expect(listed).toEqual(commands.map(({ name }) => name).filter((name) => name.startsWith(`${family} `)))
    })
  for (const { name } of commands)
    it(`${name} --help has an example`, async () => {
      const { status, stdout } = await wardwatch(...name.split(' '), '--help')
      expect(status).toBe(0)
      expect(stdout).toMatch(new RegExp(`^wardwatch ${name}`))
      expect(stdout).toMatch(/\nExample: npx wardwatch /)
    })
})

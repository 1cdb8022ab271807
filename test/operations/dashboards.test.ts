import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { rollUp } from '../../store/landing/roll-up.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import { createSink } from '../../store/sink.ts'
import { createFixedLog } from '../../store/testing/fixed-log.ts'
import { killRecords } from '../../store/testing/kill-story.ts'
import { plainDecoder, plainRedelivery } from '../../store/testing/story-log.ts'
import { type StandInWithUsers, startStandInWithUsers } from '../clickhouse/stand-in-with-users.ts'
import { until } from '../platform/until.ts'
import { expressionsOf, questionsOf, readDashboards, targetsOf } from './dashboards.ts'

const boards = readDashboards()
const named = boards.map((board) => [board.file, board] as const)
const datasources = z
  .object({ datasources: z.array(z.object({ uid: z.string(), type: z.string(), jsonData: z.record(z.string(), z.unknown()) })) })
  .parse(parse(readFileSync('deploy/grafana/provisioning/datasources/wardwatch.yml', 'utf8'))).datasources
const lacksPromtool = spawnSync('promtool', ['--version']).error !== undefined

it('dashboards and data sources have names of their own', () => {
  expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length)
  expect(new Set(datasources.map(({ uid }) => uid)).size).toBe(datasources.length)
})

it('ClickHouse is asked over TLS, by the user that may only read', () =>
  expect(datasources.find(({ type }) => type === 'grafana-clickhouse-datasource')!.jsonData).toMatchObject({
    username: 'wardwatch_grafana',
    secure: true,
    tlsAuthWithCACert: true,
  }))

describe.each(named)('%s', (_, board) => {
  it('every panel asks a data source that is provisioned, in its language', () => {
    const typeOf = new Map(datasources.map(({ uid, type }) => [uid, type]))
    for (const target of targetsOf(board)) {
      expect(typeOf.get(target.datasource.uid), target.panel).toBe(target.datasource.type)
      expect('expr' in target, target.panel).toBe(target.datasource.type === 'prometheus')
    }
    for (const { datasource } of board.templating.list) expect(typeOf.get(datasource.uid)).toBe(datasource.type)
  })
  it('ids are unique and no panel lies over another', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
    const cells = board.panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
      expect(x + w, title).toBeLessThanOrEqual(24)
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`)
    })
    expect(new Set(cells).size).toBe(cells.length)
  })
  it.skipIf(lacksPromtool)(`every expression is PromQL${lacksPromtool ? ' (skipped: promtool is not installed)' : ''}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'ww-promql-'))
    const file = join(directory, 'rules.yml')
    const rules = expressionsOf(board).map(({ expr }, i) => ({ record: `panel_${i}`, expr }))
    writeFileSync(file, stringify({ groups: [{ name: 'panels', rules }] }))
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', '--lint-fatal', file], { encoding: 'utf8' })
    rmSync(directory, { recursive: true })
    expect({ status, output: stdout + stderr }).toMatchObject({ status: 0, output: expect.stringContaining(`${rules.length} rules found`) })
  })
})

// A server that somebody else runs is given no users of ours.
describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)('as wardwatch_grafana, on the stand-in', () => {
  let server: StandInWithUsers
  beforeAll(async () => {
    server = await startStandInWithUsers()
    await server.storeOf('migrate', true)
    const store = await server.storeOf('sink')
    const log = createFixedLog(killRecords(3, 300).records, 97)
    const sink = createSink({
      log, store, decoder: plainDecoder, redelivery: plainRedelivery(), clock: systemClock, logger: silentLogger,
      settings: sinkSettings.parse({ flushMs: 10, rollUpMs: 0 }),
    }) // prettier-ignore
    await sink.start()
    await until('all has landed', () => [...log.ends].every(([name, next]) => (sink.stats().positions[name] ?? 0) >= next))
    await sink.close()
    await rollUp(store.query)
  })
  afterAll(() => server.stop())

  const questions = boards.flatMap((board) => questionsOf(board).map((question) => ({ board: board.title, ...question })))
  it.each(questions)('$board, $panel: the question may be asked and is answered', async ({ panel, sql }) => {
    const client = server.clientOf('grafana')
    const answer = await client.query({ query: sql, format: 'JSONCompact' })
    const { data } = await answer.json<unknown[]>()
    await client.close()
    // What the desk writes (heard_by_minute, devices_heard) and batteries are not in this story.
    if (/^(By site|Vitals|Firmware)/.test(panel)) expect(data.length).toBeGreaterThan(0)
    // Nothing of Grafana's is left that was not written out.
    expect(sql).not.toMatch(/\$[_{]/)
  })
})

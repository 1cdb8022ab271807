import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { AlertView } from '../../contracts/api/alerts.ts'
import type { Pipeline } from '../../contracts/api/pipeline.ts'
import { askStream } from '../../app/control/client.ts'
import { signInAsAdmin } from '../platform/desk-client.ts'
import { freePort } from '../platform/free-port.ts'
import { startPlatformProcess } from '../platform/platform-process.ts'
import { queryRows } from '../platform/query-rows.ts'
import { createRogue } from '../platform/rogue.ts'
import { until } from '../platform/until.ts'
import { startStandIn } from './start-stand-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'ww-clickhouse-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Nobody kills a server that somebody else runs.
describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)('a platform on a ClickHouse server (a stand-in)', () => {
  it(
    'starts, alerts and answers people while ClickHouse is away, says how far history is behind, and catches up',
    { timeout: 120_000 },
    async () => {
      const data = join(folder, 'data')
      const standIn = await startStandIn({ directory: join(folder, 'server'), password: 'the-word-of-the-server' })
      await standIn.kill()
      const passwordFile = join(folder, 'password')
      writeFileSync(passwordFile, `${standIn.password}\n`, { mode: 0o600 })
      const mqttPort = await freePort()
      const platform = await startPlatformProcess({
        data,
        mqttPort,
        flags: [
          '--store-kind',
          'server',
          '--store-url',
          standIn.url,
          '--store-password-file',
          passwordFile,
          '--store-timeout-seconds',
          '5',
        ],
      })
      try {
        const admin = await signInAsAdmin(platform)
        const rogue = await createRogue(mqttPort, readFileSync(join(data, 'ca.crt'), 'utf8'))
        for (let i = 1; i <= 3; i++) await rogue(`box-${i}`)
        const alerts = async (): Promise<readonly AlertView[]> => (await admin.get<{ items: AlertView[] }>('/alerts')).items
        await until('alerts without ClickHouse', async () => (await alerts()).length === 3, 20_000)
        const [first] = await alerts()
        expect(await admin.ask('GET', `/alerts/${first!.id}/signals`)).toMatchObject({
          status: 503,
          body: { type: 'urn:wardwatch:problem:history-away' },
        })
        const asked = await askStream(data, 'query', { sql: 'SELECT 1', format: 'CSV', rowsMax: 1 })
        expect(asked).toMatchObject({ ok: false, problem: expect.stringMatching(/^history is away/) })
        const pipeline = () => admin.get<Pipeline>('/pipeline')
        const landing = async () => (await pipeline()).stages.find(({ id }) => id === 'landing')
        await until('history is behind', async () => (await landing())?.state === 'behind', 20_000)
        expect((await pipeline()).signs.historyBehindMs).toBeGreaterThan(5_000)
        expect((await landing())?.problem).toMatch(/^ClickHouse/)

        await standIn.restart()
        await until('history has caught up', async () => (await landing())?.state === 'running', 30_000)
        const sessions = () =>
          queryRows<{ n: number; d: number }>(
            data,
            'SELECT count() AS n, uniqExact(log_topic, log_partition, log_offset) AS d FROM sessions',
          )
        await until('the refused are in it', async () => (await sessions())[0]!.n >= 3, 20_000)
        await until(
          'the alerts are in it',
          async () => (await queryRows<{ n: number }>(data, 'SELECT count() AS n FROM alerts'))[0]!.n === 3,
          20_000,
        )
        expect((await admin.ask('GET', `/alerts/${first!.id}/signals`)).status).toBe(200)

        // Once more while it runs, with more coming.
        await standIn.kill()
        for (let i = 4; i <= 6; i++) await rogue(`box-${i}`)
        await until('alerts while it is away again', async () => (await alerts()).length === 6, 20_000)
        await standIn.restart()
        await until(
          'all alerts are in it',
          async () => (await queryRows<{ n: number }>(data, 'SELECT count() AS n FROM alerts').catch(() => []))[0]?.n === 6,
          40_000,
        )
        const [{ n, d } = { n: 0, d: -1 }] = await sessions()
        expect(n).toBe(d)
        expect(platform.output()).not.toContain(standIn.password)
        expect((await platform.roles()).filter(({ restarts }) => restarts > 0)).toEqual([])
        expect(JSON.stringify(await platform.roles())).not.toContain(standIn.password)
      } finally {
        expect((await platform.stop()).code).toBe(0)
        await standIn.stop()
      }
    },
  )

  it(
    'ClickHouse hangs: it is said within seconds, and neither the sink nor the desk is held by it when they stop; each row is there once afterwards',
    { timeout: 120_000 },
    async () => {
      const data = join(folder, 'hang')
      const standIn = await startStandIn({ directory: join(folder, 'hanging-server') })
      const passwordFile = join(folder, 'hanging-password')
      writeFileSync(passwordFile, `${standIn.password}\n`, { mode: 0o600 })
      const mqttPort = await freePort()
      const start = () =>
        startPlatformProcess({
          data,
          mqttPort,
          flags: ['--store-kind', 'server', '--store-url', standIn.url, '--store-password-file', passwordFile],
        })
      const sessions = async (): Promise<{ n: number; d: number }> =>
        (
          await queryRows<{ n: number; d: number }>(
            data,
            'SELECT count() AS n, uniqExact(log_topic, log_partition, log_offset) AS d FROM sessions',
          )
        )[0]!
      let platform = await start()
      try {
        const admin = await signInAsAdmin(platform)
        const landing = async () => (await admin.get<Pipeline>('/pipeline')).stages.find(({ id }) => id === 'landing')!
        const rogue = await createRogue(mqttPort, readFileSync(join(data, 'ca.crt'), 'utf8'))
        await rogue('box-1')
        await until('the first is in it', async () => (await sessions().catch(() => null))?.n === 1, 40_000)
        standIn.freeze()
        await rogue('box-2')
        await until(
          'it is said',
          async () => (await landing()).problem?.startsWith('ClickHouse takes nothing: no answer for ') === true,
          20_000,
        )
        const metrics = await (await fetch(`http://127.0.0.1:${platform.healthPort}/metrics`)).text()
        expect(metrics).toMatch(/^wardwatch_sink_blocked\{.*\} 1$/m)
        const [alert] = (await admin.get<{ items: AlertView[] }>('/alerts')).items
        // Somebody looks meanwhile.
        void admin.ask('GET', `/alerts/${alert!.id}/signals`).catch(() => {})
        expect((await platform.stop()).code).toBe(0)
        expect(platform.output()).not.toContain('did not end in time')
        platform = await start()
        standIn.thaw()
        await until('the second is in it', async () => (await sessions().catch(() => null))?.n === 2, 40_000)
        expect(await sessions()).toEqual({ n: 2, d: 2 })
      } finally {
        standIn.thaw()
        await platform.stop()
        await standIn.stop()
      }
    },
  )
})

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReadingBatch } from '../../store/landing/reading-batch.ts'
import { timeText } from '../../store/landing/stored-values.ts'
import { readRows } from '../../store/read-rows.ts'
import { connectServer } from '../../store/server/connect-server.ts'
import type { ServerStore } from '../../store/server/open-server-store.ts'
import { noon } from '../../store/testing/story-log.ts'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { startStandIn } from './start-stand-in.ts'
import { openedServerStore, settingsFor, type TestServer, testServer } from './test-server.ts'

const home = temporaryDirectory()
let server: TestServer
let store: ServerStore
beforeAll(async () => {
  server = await testServer(home.path)
  store = await openedServerStore(server)
})
afterAll(async () => {
  await store.close()
  await server.stop()
  home.remove()
})

const readings = (count: number) => {
  const batch = createReadingBatch()
  batch.landedAtMs = noon
  for (let n = 0; n < count; n++)
    batch.add({
      kind: 'reading', device: `d-${n % 10}`, site: 's', model: 'm', session: 'x', receivedAt: noon, deviceTime: null, seq: n, firmware: null, bytes: 1, payloadHash: n,
      redelivered: false, vitals: { hr: n },
    }, 0, n) // prettier-ignore
  return batch
}
const count = async (table: string): Promise<number> =>
  (await readRows<[number]>(store.query, `SELECT toUInt32(count()) FROM ${table}`))[0]![0]

it('an insert that is sent again with its token is one insert, by columns and by rows', async () => {
  for (const token of ['a', 'a', 'b', 'a']) await store.insertColumns({ table: 'readings', batch: readings(100), token })
  expect(await count('readings')).toBe(200)
  const rows = [{ device: 'd', landed_at: timeText(noon) }]
  for (const token of ['a', 'a', 'b', 'a']) await store.insertRows({ table: 'redeliveries', rows, token })
  expect(await count('redeliveries')).toBe(2)
})

it.each(['none', 'gzip', 'zstd'] as const)('compression %s, both ways', async (compression) => {
  const connection = connectServer({ ...server.settings, database: store.database, compression })
  await connection.use(store.database)
  await connection.insertColumns({ table: 'readings', batch: readings(5_000), token: compression })
  const text = await connection
    .openAnalyst({ rowsMax: 0, timeoutMs: 5_000, memoryBytesMax: 400_000_000 })
    .text('SELECT repeat({x:String}, 10000)', { x: 'ab' }, 'TabSeparated')
  expect(text.length).toBe(20_001)
  await connection.close()
})

describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)('a stand-in, whose faults can be chosen', () => {
  it('a wrong password is refused, and the refusal holds no password', async () => {
    const connection = connectServer({ ...server.settings, password: 'wrong-horse' })
    const refused = await readRows(connection.query, 'SELECT 1').catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: '516', type: 'AUTHENTICATION_FAILED' })
    expect(JSON.stringify(refused) + String(refused)).not.toContain('wrong-horse')
    await connection.close()
  })

  it('a server that does not answer is given up after timeoutMs, a question after its own time', async () => {
    const connection = connectServer({ ...server.settings, database: store.database, timeoutMs: 400 })
    await connection.use(store.database)
    await server.standIn!.faults({ next: [{ how: 'hang', times: 2 }] })
    const begun = performance.now()
    await expect(connection.insertRows({ table: 'redeliveries', rows: [{ device: 'd' }], token: 'hang' })).rejects.toThrow(/timeout/i)
    await expect(
      connection.openAnalyst({ rowsMax: 1, timeoutMs: 100, memoryBytesMax: 400_000_000 }).text('SELECT 1', {}, 'CSV'),
    ).rejects.toThrow(/^history is away/)
    expect(performance.now() - begun).toBeLessThan(4_000)
    await server.standIn!.faults({})
    await connection.close()
  })

  it('an insert that only arrives after it was sent again changes nothing', async () => {
    const before = await count('redeliveries')
    await server.standIn!.faults({ next: [{ how: 'late', times: 1, delayMs: 400, match: '^INSERT' }] })
    const late = (landedAtMs: number) => ({
      table: 'redeliveries',
      rows: [{ device: 'late', landed_at: timeText(landedAtMs) }],
      token: 'late',
    })
    await expect(store.insertRows(late(noon))).rejects.toThrow(/socket hang up|ECONNRESET/)
    await store.settled(['redeliveries'], 0)
    // As the sink does: another try has another time of landing.
    await store.insertRows(late(noon + 400))
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(await count('redeliveries')).toBe(before + 1)
  })

  it('an insert that begins later than it may is refused, whatever kept it', async () => {
    await store.settled([], 0)
    const before = [await count('readings'), await count('redeliveries')]
    const beginBy = store.beginBy()!
    const rows = [{ device: 'kept', landed_at: timeText(noon) }]
    await store.insertRows({ table: 'redeliveries', rows, token: 'in time', beginBy })
    await expect(store.insertRows({ table: 'redeliveries', rows, token: 'too late', beginBy: beginBy - 60_000 })).rejects.toThrow(
      /begun_in_time/,
    )
    await expect(
      store.insertColumns({ table: 'readings', batch: readings(10), token: 'too late', beginBy: beginBy - 60_000 }),
    ).rejects.toThrow(/begun_in_time/)
    expect([await count('readings'), await count('redeliveries')]).toEqual([before[0], before[1]! + 1])
  })

  it('an insert that still runs is waited for, whoever began it', async () => {
    const sender = connectServer({ ...server.settings, database: store.database })
    await sender.use(store.database)
    // Long enough to be met while it runs.
    const slow = sender.insertColumns({ table: 'readings', batch: readings(200_000), token: 'slow' })
    let isOver = false
    void slow.then(() => {
      isOver = true
    })
    const running =
      "SELECT count() FROM system.processes WHERE query_kind = 'Insert' AND startsWith(Settings['log_comment'], 'wardwatch landing')"
    await expect
      .poll(async () => (await readRows<[number]>(store.query, running))[0]![0] > 0 || isOver, { interval: 5, timeout: 20_000 })
      .toBe(true)
    await store.settled(['readings'], 0)
    expect(await count('readings')).toBeGreaterThanOrEqual(200_000)
    await slow
    await sender.close()
  })

  it('TLS: the CA of the settings is trusted, and no other', async () => {
    const tls = temporaryDirectory()
    const [key, certificate] = [join(tls.path, 'key.pem'), join(tls.path, 'certificate.pem')]
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=stand-in', '-addext', 'subjectAltName=IP:127.0.0.1',
      '-keyout', key, '-out', certificate,
    ], { stdio: 'ignore' }) // prettier-ignore
    const standIn = await startStandIn({ directory: join(tls.path, 'data'), tls: { keyFile: key, certificateFile: certificate } })
    try {
      const trusting = connectServer(settingsFor(standIn.url, standIn.password, { caPem: readFileSync(certificate, 'utf8') }))
      expect(await readRows(trusting.query, 'SELECT 1')).toEqual([[1]])
      await trusting.close()
      const strange = connectServer(settingsFor(standIn.url, standIn.password))
      await expect(readRows(strange.query, 'SELECT 1')).rejects.toThrow(/self-signed certificate/)
      await strange.close()
    } finally {
      await standIn.stop()
      tls.remove()
    }
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { silentLogger } from '../../contracts/logger.ts'
import { ask } from './client.ts'
import { operation, OperationRefused, startControlServer } from './server.ts'
import { controlSocketPath } from './socket-path.ts'

const data = mkdtempSync(join(tmpdir(), 'ww-control-'))
const closes: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closes.splice(0)) await close()
})
afterAll(() => rmSync(data, { recursive: true, force: true }))

it('answers what it was asked, and why it could not: the log is away, or the asker has to mend it', async () => {
  const server = await startControlServer(
    controlSocketPath(data),
    {
      well: operation(z.strictObject({}), async () => ({ answer: 42 })),
      away: operation(z.strictObject({}), async () => {
        await Promise.resolve()
        throw new Error('Kafka has taken nothing for 11 s')
      }),
      wrong: operation(z.strictObject({}), async () => {
        await Promise.resolve()
        throw new OperationRefused('no such device')
      }),
    },
    silentLogger,
  )
  closes.push(() => server.close())
  expect(await ask(data, 'well')).toEqual({ ok: true, value: { answer: 42 } })
  expect(await ask(data, 'away')).toEqual({ ok: false, reason: 'refused', problem: 'Kafka has taken nothing for 11 s' })
  expect(await ask(data, 'wrong')).toEqual({ ok: false, reason: 'refused', problem: 'no such device' })
})

it('says so when the platform dies in the middle of its answer', async () => {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-length': 100 }).write('{"ok":', () => response.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(controlSocketPath(data), resolve))
  closes.push(() => new Promise((resolve) => server.close(() => resolve())))
  expect(await ask(data, 'well')).toMatchObject({ ok: false, problem: expect.stringContaining('broke off its answer') as string })
})

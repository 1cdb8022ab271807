import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { nodeBinary } from '../app/runtime-binaries.mjs'
import { freePort } from './platform/free-port.ts'
import { startPlatformProcess } from './platform/platform-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'ww-desk-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const cli = (data: string, ...words: string[]) =>
  spawnSync(nodeBinary()!, ['--disable-warning=ExperimentalWarning', 'app/main.ts', ...words, '--data', data], { encoding: 'utf8' })

const printedLink = (output: () => string): Promise<string> =>
  expect
    .poll(() => /https?:\/\/\S+#code=\S+/.exec(output())?.[0], { timeout: 10_000 })
    .toBeDefined()
    .then(() => /https?:\/\/\S+#code=\S+/.exec(output())![0])

const splitLink = (link: string): { base: string; code: string } => {
  const [base, code] = link.split('/sign-in#code=') as [string, string]
  return { base, code }
}

it(
  'the first start prints a link that signs in once; the session outlives a killed hub, at the same port',
  { timeout: 120_000 },
  async () => {
    const data = join(folder, 'plain')
    const platform = await startPlatformProcess({ data, mqttPort: await freePort() })
    try {
      const { base, code } = splitLink(await printedLink(platform.output))
      expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
      const signIn = () =>
        fetch(`${base}/api/v1/session/link`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ code }),
        })
      const signedIn = await signIn()
      expect(signedIn.status).toBe(200)
      expect(await signedIn.json()).toMatchObject({ account: 'admin', role: 'admin' })
      expect((await signIn()).status).toBe(401)
      const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!
      const session = async (): Promise<number> => (await fetch(`${base}/api/v1/session`, { headers: { cookie } })).status
      expect(await session()).toBe(200)

      // What the supervisor tells of the roles shows no secret, and the pipeline is known within seconds.
      expect(JSON.stringify(await platform.roles())).not.toContain(code)
      const pipeline = async () =>
        (await (await fetch(`${base}/api/v1/pipeline`, { headers: { cookie } })).json()) as {
          signs: { connections: number | null; problems: string[] }
          stages: { id: string; state: string }[]
        }
      await expect
        .poll(async () => (await pipeline()).stages.map(({ id, state }) => `${id} ${state}`), { timeout: 15_000 })
        .toEqual(['edge', 'log', 'detect', 'triage', 'landing', 'paging'].map((id) => `${id} running`))
      expect((await pipeline()).signs).toMatchObject({ connections: 0, problems: [] })

      await platform.killRole('hub')
      await expect.poll(() => session().catch(() => 0), { timeout: 30_000, interval: 250 }).toBe(200)

      expect(cli(data, 'account', 'add', 'rosa', '--role', 'analyst', '--display-name', 'Rosa Klein').stdout).toContain(
        `${base}/sign-in#code=`,
      )
      expect(cli(data, 'account', 'list').stdout).toMatch(/admin +admin .*\nrosa +analyst +no password +never signed in/)
      const again = splitLink(/http\S+/.exec(cli(data, 'account', 'link', 'rosa').stdout)![0])
      const rosa = await fetch(`${base}/api/v1/session/link`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: again.code }),
      })
      expect(await rosa.json()).toMatchObject({ account: 'rosa', displayName: 'Rosa Klein', role: 'analyst' })
      expect(cli(data, 'account', 'link', 'nobody')).toMatchObject({ status: 1, stderr: 'wardwatch: there is no account nobody\n' })
      expect(cli(data, 'account', 'add', 'Rosa', '--role', 'analyst').status).toBe(2)
      expect(cli(data, 'account', 'add', 'tom', '--role', 'king').status).toBe(2)
    } finally {
      expect((await platform.stop()).code).toBe(0)
    }
  },
)

it('beyond loopback there is TLS only, with a certificate of the CA that devices trust too', { timeout: 120_000 }, async () => {
  const data = join(folder, 'tls')
  const platform = await startPlatformProcess({
    data,
    mqttPort: await freePort(),
    flags: ['--desk-host', '0.0.0.0', '--desk-names', 'localhost,desk.example'],
  })
  try {
    const { base, code } = splitLink(await printedLink(platform.output))
    expect(base).toMatch(/^https:\/\/localhost:\d+$/)
    const { port } = new URL(base)
    const ca = readFileSync(join(data, 'ca.crt'), 'utf8')
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          servername: 'desk.example',
          port,
          path: '/api/v1/session/link',
          method: 'POST',
          ca,
          headers: { host: `desk.example:${port}`, 'content-type': 'application/json' },
        },
        (response) => resolve(response.resume().statusCode),
      )
      asked.on('error', reject)
      asked.end(JSON.stringify({ code }))
    })
    expect(status).toBe(200)
    await expect(fetch(base.replace('https', 'http'))).rejects.toThrow('fetch failed')
    // Nothing in the clear at rest either.
    for (const file of readdirSync(data))
      if (file.endsWith('.sealed')) expect(readFileSync(join(data, file), 'latin1')).not.toContain('PRIVATE KEY')
  } finally {
    await platform.stop()
  }
})

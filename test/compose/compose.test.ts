import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AlertView } from '../../contracts/api/alerts.ts'
import { docker } from '../images/docker.ts'
import type { DeskClient } from '../platform/desk-client.ts'
import { until } from '../platform/until.ts'
import { handshake, listeningPorts } from './listening.ts'
import { type RunningCompose, startCompose } from './running-compose.ts'

/** Each part that stays: the networks that it is in, and the ports that it has open there, all of TLS. */
const parts: Readonly<Record<string, { readonly networks: readonly string[]; readonly ports: readonly number[]; readonly via?: string }>> =
  {
    kafka: { networks: ['log'], ports: [9093] },
    clickhouse: { networks: ['store'], ports: [8443] },
    'edge-a': { networks: ['edges', 'log', 'watch'], ports: [8883, 9464], via: 'log' },
    'edge-b': { networks: ['edges', 'log', 'watch'], ports: [8883, 9464], via: 'log' },
    haproxy: { networks: ['devices', 'edges'], ports: [8883] },
    'detect-a': { networks: ['log', 'watch'], ports: [9464] },
    'detect-b': { networks: ['log', 'watch'], ports: [9464] },
    sink: { networks: ['log', 'store', 'watch'], ports: [9464] },
    desk: { networks: ['log', 'people', 'store', 'watch'], ports: [8480, 9464] },
    fleet: { networks: ['devices'], ports: [] },
    prometheus: { networks: ['watch'], ports: [9090] },
  }
const once = ['setup', 'topics', 'tables', 'fleet-enrolment']

/** All but cloned-identity: behind one address, as a container's devices and attackers are, a clone is no other machine. */
const expectedDetectors = [
  'credential-brute-force',
  'flood',
  'identity-spraying',
  'implausible-vitals',
  'level-shift',
  'replay',
  'rogue-device',
  'silence',
  'topic-abuse',
]

describe('docker-compose.yml', { timeout: 300_000 }, () => {
  let running: RunningCompose
  let desk: DeskClient
  const logsOf = (service: string): Promise<string> => running.call('logs', '--no-color', service)
  const healthOf = async (service: string): Promise<string | undefined> => (await running.inspect(service)).State.Health?.Status
  const alerts = async (): Promise<readonly AlertView[]> => (await desk.get<{ items: AlertView[] }>('/alerts?limit=200')).items
  const detectorsFound = async (): Promise<string[]> => [...new Set((await alerts()).map(({ detector }) => detector))].sort()

  beforeAll(async () => {
    running = await startCompose((line) => process.stderr.write(`compose: ${line}\n`))
  }, 900_000)
  afterAll(() => running?.remove(), 120_000)

  it('every part is there, and healthy', async () => {
    for (const service of Object.keys(parts).filter((name) => name !== 'fleet'))
      await until(`${service} is healthy`, async () => (await healthOf(service)) === 'healthy', 120_000)
    expect((await running.inspect('fleet')).State.Status).toBe('running')
    for (const service of once) expect((await running.inspect(service)).State, service).toMatchObject({ Status: 'exited', ExitCode: 0 })
    expect([...Object.keys(parts), ...once, ...running.leftOut].sort()).toEqual([...running.services, ...running.leftOut].sort())
    desk = await running.signIn()
  })

  it('an edge and a detect container are killed while the fleet is attacked, and every attack is an alert', async () => {
    await until('the first attack', async () => (await logsOf('fleet')).includes('attack: '), 120_000)
    const killed = ['edge-a', 'detect-a']
    for (const service of killed) await docker('kill', await running.idOf(service))
    await until('the campaign is over', async () => (await logsOf('fleet')).includes('the campaign is over'), 180_000)
    for (const service of killed) expect((await running.inspect(service)).State.Status).toBe('exited')
    await until(
      'every attack is found',
      async () => {
        const found = await detectorsFound()
        return expectedDetectors.every((id) => found.includes(id))
      },
      60_000,
    ).catch(async (error: unknown) => {
      throw new Error(`found ${(await detectorsFound()).join(', ')}`, { cause: error })
    })
    await running.call('start', ...killed)
    for (const service of killed) await until(`${service} is back`, async () => (await healthOf(service)) === 'healthy', 120_000)
  })

  it('nothing that was acknowledged is lost, nothing is there twice, and the chain holds', async () => {
    await running.call('stop', '--timeout', '20', 'fleet')
    const acknowledged = new Set((await running.fileOf('fleet', '/secrets/acknowledged.jsonl')).split('\n').filter(Boolean))
    expect(acknowledged.size).toBeGreaterThan(5_000)
    let missing = [...acknowledged]
    const landed = async (): Promise<boolean> => {
      const rows = await running.query<{ device: string; at: number | string }>(
        'SELECT DISTINCT device, toUnixTimestamp64Milli(device_time) AS at FROM readings WHERE device_time IS NOT NULL',
      )
      const there = new Set(rows.map(({ device, at }) => JSON.stringify([device, Number(at)])))
      missing = missing.filter((line) => !there.has(line))
      return missing.length === 0
    }
    await until('all has landed', landed, 60_000).catch((error: unknown) => {
      throw new Error(`${missing.length} of ${acknowledged.size} are missing, e.g. ${missing.slice(0, 5).join(' ')}`, { cause: error })
    })
    const [twice] = await running.query<{ n: number | string }>(
      'SELECT count() - uniqExact(log_topic, log_partition, log_offset) AS n FROM readings',
    )
    expect(Number(twice!.n)).toBe(0)
    expect(await running.exec('desk', 'wardwatch', 'alerts', 'verify')).toContain('the chain is whole')
  })

  it("Prometheus reaches every part's figures", async () => {
    const ups = async (): Promise<string> => running.exec('prometheus', 'promtool', 'query', 'instant', 'https://prometheus:9090', 'up')
    const targets = ['edge-a', 'edge-b', 'detect-a', 'detect-b', 'sink', 'desk'].map((name) => `instance="${name}:9464"`)
    const isUp = (text: string, target: string): boolean => text.split('\n').some((line) => line.includes(target) && line.includes('=> 1 '))
    await until('all targets are up', async () => {
      const text = await ups()
      return targets.every((target) => isUp(text, target))
    })
    expect(await running.exec('prometheus', 'promtool', 'check', 'config', '/etc/prometheus/prometheus.yml')).toContain('SUCCESS')
  })

  it.each([...Object.keys(parts), ...once])('%s has no rights that it does not need', async (service) => {
    const { Config, HostConfig, Mounts } = await running.inspect(service)
    expect(Config.User).toMatch(/^[1-9]\d*:\d+$/)
    expect(HostConfig).toMatchObject({ Privileged: false, ReadonlyRootfs: true, CapAdd: null, CapDrop: ['ALL'], PidMode: '' })
    expect(HostConfig.SecurityOpt).toEqual(['no-new-privileges:true'])
    for (const limit of [HostConfig.Memory, HostConfig.NanoCpus, HostConfig.PidsLimit ?? 0]) expect(limit).toBeGreaterThan(0)
    expect(HostConfig.NetworkMode).not.toBe('host')
    // From this machine only files of ours come in, and none of them may be written.
    for (const { Type, Source, RW } of Mounts)
      if (Type === 'bind') expect({ Source, RW }).toEqual({ Source: expect.stringContaining('/deploy/'), RW: false })
  })

  it.each(Object.keys(parts).filter((service) => service !== 'fleet'))(
    '%s runs so, and listens with TLS only, where it should',
    async (service) => {
      const status = await running.exec(service, 'cat', '/proc/1/status')
      const field = (name: string): string => new RegExp(`^${name}:\\s+(.+)$`, 'm').exec(status)![1]!
      expect(field('Uid').split(/\s+/)[0]).not.toBe('0')
      expect([field('CapEff'), field('CapBnd'), field('NoNewPrivs'), field('Seccomp')]).toEqual([
        '0000000000000000',
        '0000000000000000',
        '1',
        '2',
      ])
      await expect(running.exec(service, 'touch', '/written')).rejects.toThrow(/Read-only/)

      const { networks, ports, via } = parts[service]!
      const { NetworkSettings } = await running.inspect(service)
      const named = (network: string): string => `${running.project}_${network}`
      expect(Object.keys(NetworkSettings.Networks).sort()).toEqual(networks.map(named))
      const tables = await running.exec(service, 'cat', '/proc/net/tcp', '/proc/net/tcp6')
      expect(listeningPorts(tables)).toEqual(ports)
      const address = NetworkSettings.Networks[named(via ?? networks[0]!)]!.IPAddress
      const name = service === 'haproxy' || service === 'desk' ? 'localhost' : service
      for (const port of ports) expect([port, await handshake(address, port, name, running.caPem)]).toEqual([port, 'TLSv1.3'])
      const published = Object.entries(NetworkSettings.Ports).filter(([, to]) => (to ?? []).length > 0)
      expect(published.map(([port]) => port)).toEqual(service === 'haproxy' ? ['8883/tcp'] : service === 'desk' ? ['8480/tcp'] : [])
    },
  )

  it('no secret stands in a log, in an environment, in arguments, or where somebody else reads', async () => {
    const volumes = (await docker('volume', 'ls', '--quiet', '--filter', `label=com.docker.compose.project=${running.project}`))
      .split('\n')
      .filter((name) => name.endsWith('-secrets'))
    const mounts = volumes.flatMap((name) => ['--volume', `${name}:/s/${name}:ro`])
    const read = (script: string): Promise<string> =>
      docker('run', '--rm', '--user', '0', '--network', 'none', ...mounts, '--entrypoint', 'sh', 'wardwatch:local', '-c', script)
    const secrets = [
      ...new Set((await read('cat /s/*/*password /s/*/*.key; sed -n "s/.*password=\\([^]]*\\)].*/\\1/p" /s/*/scram.args')).split('\n')),
    ].filter((line) => line.length >= 20 && !line.startsWith('-----'))
    expect(secrets.length).toBeGreaterThan(15)
    const told = [await running.call('logs', '--no-color')]
    for (const service of [...Object.keys(parts), ...once]) {
      const id = await running.idOf(service)
      told.push(await docker('inspect', id))
      if (!once.includes(service) && service !== 'fleet') told.push(await docker('top', id, '-eo', 'pid,args'))
    }
    for (const secret of secrets) expect(told.some((text) => text.includes(secret))).toBe(false)
    expect(told.some((text) => text.includes('sign-in#code='))).toBe(false)
    // Nobody but its owner and its reader's group reads a secret.
    expect(await read("find /s -type f -perm /007 -o -type d -path '/s/*/*' -perm /007")).toBe('')
    // The master key is the desk's and the detectors'; an edge has not even the password of another role.
    expect((await read('ls /s/*/master.key')).split('\n').map((path) => path.split('_').at(-1))).toEqual([
      'desk-secrets/master.key',
      'detect-secrets/master.key',
    ])
  })

  it('down and up again: everything is still there', async () => {
    const before = (await alerts()).map(({ id }) => id).sort()
    const [rows] = await running.query<{ n: number | string }>('SELECT count() AS n FROM readings')
    await running.call('down', '--timeout', '20')
    await running.up()
    desk = await running.signIn()
    const after = new Set((await alerts()).map(({ id }) => id))
    expect(before.filter((id) => !after.has(id))).toEqual([])
    const [again] = await running.query<{ n: number | string }>('SELECT count() AS n FROM readings')
    expect(Number(again!.n)).toBeGreaterThanOrEqual(Number(rows!.n))
  })

  it('down with its volumes leaves nothing behind', async () => {
    expect((await running.leftovers()).length).toBeGreaterThan(0)
    const anonymousBefore = (await docker('volume', 'ls', '--quiet', '--filter', 'dangling=true')).split('\n')
    await running.remove()
    expect(await running.leftovers()).toEqual([])
    const anonymous = (await docker('volume', 'ls', '--quiet', '--filter', 'dangling=true')).split('\n')
    expect(anonymous.filter((name) => name !== '' && !anonymousBefore.includes(name))).toEqual([])
  })
})

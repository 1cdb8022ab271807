import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadConfig, settings } from '../../app/config.ts'
import { lackingGo, strictDecode } from './go-programs.ts'
import { buildExample, type Container, type Manifest, type PodSpec } from './manifests.ts'

const lacks = lackingGo()
const haproxy = '/usr/sbin/haproxy'
const pods = ['haproxy', 'edge', 'detect', 'sink', 'desk', 'topics', 'tables'] as const
const roles = ['edge', 'detect', 'sink', 'desk'] as const
const secretsOf: Readonly<Record<(typeof pods)[number], readonly string[]>> = {
  haproxy: [],
  edge: ['ca.crt', 'kafka-ca.crt', 'kafka-password', 'log.key', 'server.crt', 'server.key'],
  detect: ['kafka-ca.crt', 'kafka-password', 'master.key'],
  sink: ['clickhouse-ca.crt', 'clickhouse-password', 'kafka-ca.crt', 'kafka-password', 'log.key'],
  desk: ['clickhouse-ca.crt', 'clickhouse-password', 'identity.sealed', 'kafka-ca.crt', 'kafka-password', 'master.key'],
  topics: ['kafka-ca.crt', 'kafka-password'],
  tables: ['clickhouse-ca.crt', 'clickhouse-password'],
}

describe.skipIf(lacks !== null)(`the Kubernetes example, built by kustomize${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  let text = ''
  let manifests: readonly Manifest[] = []
  let decoder = ''
  beforeAll(async () => {
    decoder = strictDecode()
    ;({ text, manifests } = await buildExample())
  }, 600_000)

  const ofKind = (kind: string): readonly Manifest[] => manifests.filter((one) => one.kind === kind)
  const named = (kind: string, name: string): Manifest => {
    // A generated name ends with a hash.
    const found = ofKind(kind).find(({ metadata }) => metadata.name === name || metadata.name.replace(/-[a-z0-9]{10}$/, '') === name)
    if (found === undefined) throw new Error(`no ${kind} ${name}`)
    return found
  }
  const podOf = (name: string): PodSpec => {
    const found = manifests.find(({ spec }) => spec?.template?.metadata.labels['app.kubernetes.io/name'] === name)
    return found!.spec!.template!.spec
  }
  const containersOf = (name: string): readonly Container[] => [...podOf(name).containers, ...(podOf(name).initContainers ?? [])]
  const environmentOf = ({ env = [], envFrom = [] }: Container): Readonly<Record<string, string>> =>
    Object.assign(
      {},
      ...envFrom.map(({ configMapRef }) => manifests.find(({ metadata }) => metadata.name === configMapRef.name)!.data),
      Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'from-the-pod'])),
    ) as Readonly<Record<string, string>>

  it('is what the types of Kubernetes know, and nothing else', () => {
    expect(spawnSync(decoder, { input: text, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: `${manifests.length} decoded\n`,
      stderr: '',
    })
    const misspelt = spawnSync(decoder, { input: text.replace('readOnlyRootFilesystem', 'readonlyRootFilesystem'), encoding: 'utf8' })
    expect(misspelt).toMatchObject({ status: 1, stderr: expect.stringContaining('unknown field') })
  })

  it('all pods are those of the table, in one namespace that admits restricted pods only', () => {
    expect(manifests.flatMap(({ spec }) => spec?.template?.metadata.labels['app.kubernetes.io/name'] ?? []).sort()).toEqual(
      [...pods].sort(),
    )
    expect(new Set(manifests.filter(({ kind }) => kind !== 'Namespace').map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(['wardwatch']),
    )
    expect(named('Namespace', 'wardwatch').metadata).toMatchObject({ labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } })
  })

  it.each(pods)('%s: not root, no token, no privilege, no writable root, and limits', (name) => {
    const uid = name === 'haproxy' ? 99 : 10_001
    expect(podOf(name)).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: uid, runAsGroup: uid, fsGroup: uid, seccompProfile: { type: 'RuntimeDefault' } },
    })
    for (const container of containersOf(name)) {
      expect(container, container.name).toMatchObject({
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { cpu: expect.any(String), memory: expect.any(String) },
        },
      })
      expect(container.image).toMatch(/^[a-z.]+\/.+:[\w.]+$/)
    }
  })

  it.each(['haproxy', ...roles] as const)('%s: probes, spread over nodes and zones, a disruption budget', (name) => {
    const alive = name === 'haproxy' ? '/livez' : '/healthz'
    const [container] = podOf(name).containers
    expect(container).toMatchObject({
      startupProbe: { httpGet: { path: alive, port: 'health' } },
      livenessProbe: { httpGet: { path: alive, port: 'health' } },
      readinessProbe: { httpGet: { path: name === 'haproxy' || name === 'desk' ? '/healthz' : '/readyz', port: 'health' } },
    })
    expect(podOf(name)['topologySpreadConstraints']).toMatchObject([
      { topologyKey: 'kubernetes.io/hostname' },
      { topologyKey: 'topology.kubernetes.io/zone' },
    ])
    expect(named('PodDisruptionBudget', `wardwatch-${name}`).spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: { 'app.kubernetes.io/name': name } },
    })
  })

  it.each(pods)('%s: is given the secrets of its part and no other, for its group to read', (name) => {
    const volumes = podOf(name).volumes.flatMap(({ secret }) => secret ?? [])
    expect(volumes.flatMap(({ items }) => items.map(({ path }) => path)).sort()).toEqual(secretsOf[name])
    for (const { secretName, defaultMode, items } of volumes) {
      expect(defaultMode).toBe(0o440)
      const given = Object.keys(named('Secret', secretName.replace(/-[a-z0-9]{10}$/, '')).data!)
      expect(items.map(({ key }) => key).sort()).toEqual(given.sort())
    }
    for (const mount of containersOf(name).flatMap(({ volumeMounts }) => volumeMounts))
      expect(mount.readOnly === true || ['/data', '/tmp'].includes(mount.mountPath), `${mount.mountPath} is written`).toBe(true)
  })

  it.each(roles)('%s: its environment is a valid configuration, and every file that it names is mounted', (name) => {
    const environment = environmentOf(podOf(name).containers[0]!)
    const known = new Set(settings.map(({ variable }) => variable))
    expect(Object.keys(environment).filter((variable) => !known.has(variable))).toEqual([])
    expect(loadConfig({ flags: {}, environment })).toMatchObject({
      ok: true,
      config: { roles: [name], log: { kind: 'kafka', kafka: { tls: true } } },
    })
    const files = Object.values(environment).filter((value) => value.startsWith('/secrets/'))
    expect(files.map((file) => file.slice('/secrets/'.length)).filter((file) => !secretsOf[name].includes(file))).toEqual([])
  })

  it('nobody talks to anybody but as a policy says', () => {
    expect(named('NetworkPolicy', 'deny-all').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    const fromAnywhere = ofKind('NetworkPolicy').filter(({ spec }) => JSON.stringify(spec!['ingress'] ?? []).includes('0.0.0.0/0'))
    expect(fromAnywhere.map(({ metadata }) => metadata.name)).toEqual(['devices-to-haproxy'])
    const toAnywhere = ofKind('NetworkPolicy').filter(({ spec }) => JSON.stringify(spec!['egress'] ?? []).includes('0.0.0.0/0'))
    expect(toAnywhere.map(({ metadata }) => metadata.name)).toEqual(['desk-to-pagers'])
  })

  it('devices come in by the load balancer only, with their own addresses', () => {
    expect(ofKind('Service').filter(({ spec }) => (spec!['type'] ?? 'ClusterIP') !== 'ClusterIP')).toMatchObject([
      { metadata: { name: 'wardwatch-mqtt' }, spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } },
    ])
  })

  it('no secret stands in the base', () => {
    for (const file of ['edge', 'detect', 'sink', 'desk', 'setup', 'haproxy'])
      expect(readFileSync(`deploy/kubernetes/base/${file}.yaml`, 'utf8')).not.toMatch(/kind: Secret$/m)
  })
})

it.skipIf(!existsSync(haproxy))('haproxy takes its configuration (skipped where haproxy is not installed)', () => {
  const { status, stderr } = spawnSync(haproxy, ['-c', '-f', 'deploy/kubernetes/base/haproxy.cfg'], { encoding: 'utf8' })
  expect({ status, stderr }).toMatchObject({ status: 0 })
})

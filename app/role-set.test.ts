import { describe, expect, it } from 'vitest'
import { configSchema } from './config.ts'
import { planRoles, type Secrets } from './role-plans.ts'
import { roleNames, roleSetProblem, type Shared } from './role-set.ts'
import type { EdgeOptions } from './roles/options.ts'

const embedded: Shared = { log: false, store: false }
const kafka: Shared = { log: true, store: false }
const distributed: Shared = { log: true, store: true }
const ownFiles = { certificateFile: 'edge.crt', keyFile: 'edge.key', caFile: 'ca.crt' }
const configOf = (roles: readonly string[], over: object = {}) => configSchema.parse({ roles, ...over })
const secrets: Secrets = {
  master: Buffer.alloc(32, 7),
  logKeys: [Buffer.alloc(32, 8)],
  kafka: null,
  server: null,
  authority: { keyPem: 'ca key', caPem: 'ca' },
  edge: { keyPem: 'edge key', certificatePem: 'edge', caPem: 'ca' },
  deskTls: null,
  metricsTls: null,
}

describe('which roles may run where', () => {
  const cases: Record<string, [string, Shared, RegExp | null]> = {
    'all of them, embedded': [roleNames.join(','), embedded, null],
    'all but the bridges, embedded': ['edge,detect,sink,desk', embedded, null],
    'an edge on the embedded log': ['edge', embedded, /^roles edge: without detect, sink, desk nothing works on the embedded log/],
    'all but the desk on the embedded log': ['edge,detect,sink', embedded, /without desk nothing works on the embedded log/],
    'an edge on a shared log': ['edge', kafka, null],
    'detectors on a shared log': ['detect', kafka, null],
    'a sink without a desk, embedded ClickHouse': ['sink', kafka, /sink and desk go together/],
    'sink and desk, embedded ClickHouse': ['sink,desk', kafka, null],
    'a sink on a ClickHouse server': ['sink', distributed, null],
    'a desk on a ClickHouse server': ['desk', distributed, null],
    'a bridge alone': ['bridge', distributed, null],
  }
  for (const [name, [roles, shared, problem]] of Object.entries(cases))
    it(name, () => {
      const told = roleSetProblem(configOf(roles.split(','), { mqtt: ownFiles }), shared)
      if (problem === null) expect(told).toBeNull()
      else expect(told).toMatch(problem)
    })
  it('an edge away from the desk needs a certificate of its own', () =>
    expect(roleSetProblem(configOf(['edge', 'detect']), distributed)).toMatch(/needs its certificate from files: mqtt\.certificateFile/))
})

describe('the processes of a machine', () => {
  const names = (roles: readonly string[], shared: Shared, over: object = {}): string[] =>
    planRoles(configOf(roles, over), shared, secrets).map(({ name }) => name)
  it.each([
    ['embedded, all', [...roleNames], embedded, {}, ['hub', 'detect', 'edge-0']],
    ['embedded, three edge workers', [...roleNames], embedded, { mqtt: { workers: 3 } }, ['hub', 'detect', 'edge-0', 'edge-1', 'edge-2']],
    ['embedded ClickHouse keeps sink and desk in one', ['sink', 'desk'], kafka, { node: 'n1' }, ['hub@n1']],
    ['a ClickHouse server lets them be two', ['sink', 'desk'], distributed, { node: 'n1' }, ['sink@n1', 'desk@n1']],
    ['one role', ['detect'], distributed, { node: 'ward-2' }, ['detect@ward-2']],
  ] as const)('%s', (_name, roles, shared, over, expected) => expect(names(roles, shared, over)).toEqual(expected))

  const edgeOptions = (shared: Shared, over: object): EdgeOptions[] =>
    planRoles(configOf(['edge', 'detect', 'sink', 'desk'], over), shared, secrets)
      .filter(({ kind }) => kind === 'edge')
      .map(({ options }) => options({}) as EdgeOptions)
  it('one edge alone announces nothing; several do, and any on a shared log', () => {
    expect(edgeOptions(embedded, {}).map(({ announces }) => announces)).toEqual([false])
    expect(edgeOptions(embedded, { mqtt: { workers: 2 } }).map(({ announces }) => announces)).toEqual([true, true])
    expect(edgeOptions(distributed, {}).map(({ announces }) => announces)).toEqual([true])
  })
  it('only the first edge of a machine writes the clock', () =>
    expect(edgeOptions(distributed, { mqtt: { workers: 2 } }).map(({ writesClock }) => writesClock)).toEqual([true, false]))
  it("an edge is told neither the CA's key nor the master key", () => {
    const told = JSON.stringify(edgeOptions(distributed, {}))
    expect(told).not.toContain('ca key')
    expect(told).not.toContain(secrets.master!.toString('hex'))
  })
})

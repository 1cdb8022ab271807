import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { createAuthority } from '../../registry/authority.ts'
import { systemClock } from '../../contracts/clock.ts'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { kustomize } from './go-programs.ts'

/** What the tests look at; strict-decode sees to it that it is what Kubernetes means. */
export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
  readonly [field: string]: unknown
}
export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes: readonly {
    readonly name: string
    readonly secret?: {
      readonly secretName: string
      readonly defaultMode: number
      readonly items: readonly { readonly key: string; readonly path: string }[]
    }
  }[]
  readonly [field: string]: unknown
}
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly template?: { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec: PodSpec }
    readonly [field: string]: unknown
  }
}

/** The example overlay, built by kustomize from secrets that its own script made. */
export const buildExample = async (): Promise<{ readonly text: string; readonly manifests: readonly Manifest[] }> => {
  const copy = mkdtempSync(join(tmpdir(), 'ww-kubernetes-'))
  try {
    cpSync('deploy/kubernetes', copy, { recursive: true })
    const overlay = join(copy, 'overlays', 'example')
    mkdirSync(join(overlay, 'secrets'), { recursive: true })
    const { certificatePem: caPem } = await createAuthority({ siteName: 'elsewhere', clock: systemClock })
    for (const name of ['kafka-ca.crt', 'clickhouse-ca.crt']) writeFileSync(join(overlay, 'secrets', name), caPem)
    const wardwatch = `${nodeBinary()!} --disable-warning=ExperimentalWarning ${resolve('app/main.ts')}`
    run(join(overlay, 'make-secrets.sh'), [], { WARDWATCH: wardwatch, MQTT_NAMES: 'broker.hospital.example' })
    const text = run(kustomize(), ['build', overlay])
    return { text, manifests: parseAllDocuments(text).map((document) => document.toJS() as Manifest) }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const run = (program: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): string => {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8', env: { ...process.env, ...environment } })
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`)
  return stdout
}

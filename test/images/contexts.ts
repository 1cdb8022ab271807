import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { kafkaJars } from '../kafka/kafka-jars.ts'
import type { StandInName } from './image-names.ts'

const here = import.meta.dirname
const modules = join(here, '../../node_modules')
const systemAuthorities = '/etc/ssl/certs/ca-certificates.crt'

const packageVersion = (name: string): string =>
  (JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as { version: string }).version

/** A package with all that it depends on, copied flat. */
const copyPackage = (name: string, into: string): void => {
  if (existsSync(join(into, name)) || !existsSync(join(modules, name))) return
  cpSync(join(modules, name), join(into, name), { recursive: true, dereference: true })
  const { dependencies = {}, optionalDependencies = {} } = createRequire(import.meta.url)(join(modules, name, 'package.json')) as {
    dependencies?: Record<string, string>
    optionalDependencies?: Record<string, string>
  }
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) copyPackage(needed, into)
}

export interface BuildContext {
  readonly dockerfile: string
  /** What decides whether an image is stale, beside the Dockerfile and the files of ours that go in. */
  readonly versions: readonly string[]
  /** Files of ours that go in. */
  readonly files: readonly string[]
  fill(directory: string): Promise<void>
}

const node = (directory: string): void => cpSync(nodeBinary()!, join(directory, 'node'))
const clickhouse = join(here, '../clickhouse')
const clickhouseFiles = ['stand-in.ts', 'engine.ts', 'front.ts', 'faults.ts', 'users.ts', 'error-status.ts']

/** How each stand-in but the base is built on it. */
export const contexts: Readonly<Record<Exclude<StandInName, 'debian'>, BuildContext>> = {
  node: {
    dockerfile: join(here, 'node.Dockerfile'),
    versions: [process.version],
    files: [],
    async fill(directory) {
      node(directory)
      if (existsSync(systemAuthorities)) cpSync(systemAuthorities, join(directory, 'authorities.pem'), { dereference: true })
      else writeFileSync(join(directory, 'authorities.pem'), rootCertificates.join('\n'))
    },
  },
  'apache/kafka': {
    dockerfile: join(here, 'kafka.Dockerfile'),
    versions: [],
    files: [join(here, '../kafka/pom.xml'), join(here, 'kafka-run-class.sh'), join(here, 'log4j2.properties')],
    async fill(directory) {
      cpSync(await kafkaJars(), join(directory, 'jars'), { recursive: true })
      for (const name of ['kafka-run-class.sh', 'log4j2.properties']) cpSync(join(here, name), join(directory, name))
    },
  },
  'clickhouse/clickhouse-server': {
    dockerfile: join(here, 'clickhouse.Dockerfile'),
    versions: [process.version, packageVersion('chdb'), packageVersion('zod')],
    files: [join(here, 'clickhouse-server.mjs'), ...clickhouseFiles.map((name) => join(clickhouse, name))],
    async fill(directory) {
      node(directory)
      mkdirSync(join(directory, 'clickhouse'))
      for (const name of clickhouseFiles) cpSync(join(clickhouse, name), join(directory, 'clickhouse', name))
      cpSync(join(here, 'clickhouse-server.mjs'), join(directory, 'clickhouse-server.mjs'))
      for (const name of ['chdb', 'zod']) copyPackage(name, join(directory, 'node_modules'))
    },
  },
  haproxy: { dockerfile: join(here, 'haproxy.Dockerfile'), versions: [], files: [], fill: async () => {} },
  'prom/prometheus': { dockerfile: join(here, 'prometheus.Dockerfile'), versions: [], files: [], fill: async () => {} },
}

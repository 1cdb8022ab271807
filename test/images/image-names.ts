import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const root = new URL('../../', import.meta.url)

/** What stands in for what, by the name before the tag. Grafana has no stand-in: no registry that is reached here carries it. */
export const standInNames = ['debian', 'node', 'apache/kafka', 'clickhouse/clickhouse-server', 'haproxy', 'prom/prometheus'] as const
export type StandInName = (typeof standInNames)[number]

export const nameOf = (image: string): string => image.split(':')[0]!

interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly image: string; readonly build?: unknown }>>
}

export const composeFile = (): ComposeFile =>
  parse(readFileSync(new URL('docker-compose.yml', root), 'utf8'), { merge: true }) as ComposeFile

/** Every foreign image that docker-compose.yml and the Dockerfile name, with its tag: bases first. */
export const foreignImages = (): readonly string[] => {
  const bases = [...readFileSync(new URL('Dockerfile', root), 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!)
  const used = Object.values(composeFile().services)
    .filter(({ build }) => build === undefined)
    .map(({ image }) => image)
    .filter((image) => !image.startsWith('wardwatch:'))
  const all = [...new Set([...bases, ...used])]
  const rank = (image: string): number => (standInNames as readonly string[]).indexOf(nameOf(image))
  return all.toSorted((a, b) => rank(a) - rank(b))
}

/** The image of a service, as docker-compose.yml names it. */
export const imageOf = (service: string): string => composeFile().services[service]!.image

import { readdirSync, readFileSync } from 'node:fs'

/** The detectors' own pages (docs/runbooks), read once: a name that comes from outside never becomes a path. */
export const loadRunbooks = (): ((detector: string) => string | null) => {
  const folder = new URL('../../docs/runbooks/', import.meta.url)
  const pages = new Map<string, string>()
  for (const file of readdirSync(folder))
    if (file.endsWith('.md')) pages.set(file.slice(0, -3), readFileSync(new URL(file, folder), 'utf8'))
  return (detector) => pages.get(detector) ?? null
}

import type { RoleKind } from './role-process.ts'
import { bunBinary, nodeBinary } from './runtime-binaries.mjs'

type Runtime = 'bun' | 'node'

/** The faster runtime of each role that passes the kill and hostile-input suites: docs/architecture.md has the figures. */
const defaultRuntime: Readonly<Record<RoleKind, Runtime>> = {
  edge: 'bun',
  detect: 'bun',
  sink: 'node',
  desk: 'node',
  hub: 'node',
  bridge: 'node',
}

/** The binary and its arguments for a role; falls back to Node where Bun has no package for the platform. */
export const runtimeCommand = (kind: RoleKind, chosen: Runtime | undefined): readonly [string, ...string[]] => {
  const bun = (chosen ?? defaultRuntime[kind]) === 'bun' ? bunBinary() : null
  if (bun !== null) return [bun]
  const node = nodeBinary()
  if (node === null) throw new Error('no Node 26 was found: run npm ci')
  return [node, '--disable-warning=ExperimentalWarning']
}

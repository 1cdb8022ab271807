import { readFileSync } from 'node:fs'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}
interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Where JavaScript's samples fell, by whose file: shares of all samples that were not idle. */
export interface ProfileShares {
  readonly samples: number
  readonly byPart: Readonly<Record<string, number>>
}

/** The first pattern that matches a frame's file names its part. */
const parts: readonly (readonly [string, RegExp])[] = [
  ['kafkajs', /node_modules\/kafkajs\//],
  ['stream/kafka', /\/stream\/kafka\//],
  ['stream', /\/stream\//],
  ['broker', /\/broker\/|node_modules\/(aedes|mqtt-packet)/],
  ['ours, other', /\/(contracts|app|bench|registry|ingest|detectors)\//],
]

/**
 * A .cpuprofile's last `seconds`, sample by sample. What a file has called that is the runtime's own (zlib, crypto, sockets, buffers) is
 * charged to that file; what no file has called is the runtime's.
 */
export const profileShares = (file: string, seconds: number): ProfileShares => {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map<number, number>()
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node.id)
  const partOf = (id: number): string | null => {
    const name = byId.get(id)?.callFrame.functionName
    if (name === '(idle)' || name === '(garbage collector)') return name === '(idle)' ? null : 'garbage collector'
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { url } = byId.get(at)!.callFrame
      const found = parts.find(([, pattern]) => pattern.test(url))
      if (found !== undefined) return found[0]
    }
    return 'the runtime'
  }
  const known = new Map(nodes.map(({ id }) => [id, partOf(id)]))
  const counts: Record<string, number> = {}
  let total = 0
  let leftUs = seconds * 1e6
  for (let i = samples.length - 1; i >= 0 && leftUs > 0; i--) {
    leftUs -= timeDeltas[i] ?? 0
    const part = known.get(samples[i]!) ?? null
    if (part === null) continue
    counts[part] = (counts[part] ?? 0) + 1
    total++
  }
  return { samples: total, byPart: Object.fromEntries(Object.entries(counts).map(([part, count]) => [part, count / total])) }
}

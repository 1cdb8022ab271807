import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Kinds of Kafka's requests. */
export type Api = keyof typeof apis
const apis = {
  Produce: 0,
  Fetch: 1,
  Metadata: 3,
  OffsetCommit: 8,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  SyncGroup: 14,
  SaslHandshake: 17,
  ApiVersions: 18,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  EndTxn: 26,
  SaslAuthenticate: 36,
} as const
const names = new Map<number, Api>(Object.entries(apis).map(([name, key]) => [key, name as Api]))

/** What becomes of an answer: so many bytes of it come, then the connection ends, or nothing more comes; or other bytes come. */
export type Trouble =
  | { readonly cutAfter: number; readonly reset?: boolean }
  | { readonly stallAfter: number }
  | { readonly instead: (answer: Buffer) => Buffer }

/** A way to a broker, plain, that sees each answer by itself. */
export interface FrameLine {
  /** The next answers of these kinds, one after the other: each waits for the one before. */
  trouble(...next: readonly (readonly [Api, Trouble])[]): void
  /** Troubles that have not come about yet. */
  left(): number
  /** For each answer that none of those is for; null: none from now on. */
  weather(pick: ((api: Api | undefined) => Trouble | null) | null): void
  /** How many answers have been troubled. */
  troubled(): number
  close(): void
}

/** Hands out whole frames: a size of four bytes, and so much. */
const frames = (take: (frame: Buffer) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const bytes = 4 + rest.readInt32BE(0)
      take(rest.subarray(0, bytes))
      rest = rest.subarray(bytes)
    }
  }
}

export const openFrameLine = async (port: number, upstream: string): Promise<FrameLine> => {
  const [host, upstreamPort] = upstream.split(':') as [string, string]
  const open = new Set<Socket>()
  let troubles: (readonly [Api, Trouble])[] = []
  let pick: ((api: Api | undefined) => Trouble | null) | null = null
  let troubled = 0

  const server = createServer((near) => {
    const far = connect(Number(upstreamPort), host)
    const asked = new Map<number, Api | undefined>()
    let over = false
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        if (!over) other.destroy()
      })
      open.add(socket)
    }
    near.on(
      'data',
      frames((request) => {
        asked.set(request.readInt32BE(8), names.get(request.readInt16BE(4)))
        far.write(request)
      }),
    )
    const answered = (answer: Buffer): void => {
      if (over) return
      const [next] = troubles
      const kind = asked.get(answer.readInt32BE(4))
      asked.delete(answer.readInt32BE(4))
      const isNext = next !== undefined && next[0] === kind
      if (isNext) troubles = troubles.slice(1)
      const trouble = isNext ? next[1] : (pick?.(kind) ?? null)
      if (trouble === null) return void near.write(answer)
      troubled++
      if ('instead' in trouble) return void near.write(trouble.instead(Buffer.from(answer)))
      over = true
      if ('stallAfter' in trouble) return void near.write(answer.subarray(0, trouble.stallAfter))
      const part = answer.subarray(0, trouble.cutAfter)
      far.destroy()
      if (trouble.reset === true) near.write(part, () => setImmediate(() => near.resetAndDestroy()))
      else near.end(part)
    }
    far.on('data', frames(answered))
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    trouble: (...next) => void (troubles = [...next]),
    left: () => troubles.length,
    weather: (next) => void (pick = next),
    troubled: () => troubled,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface StreamedEvent {
  readonly event: string
  readonly id: string | null
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the event carries
  readonly data: any
}

export interface EventReader {
  readonly events: readonly StreamedEvent[]
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Resolves with the first event, from the beginning on, that fits. */
  until(fits: (event: StreamedEvent) => boolean): Promise<StreamedEvent>
  readonly ended: Promise<void>
  /** Stops and goes on reading, as a slow reader does. */
  pause(): void
  resume(): void
  close(): void
}

/** A reader of server-sent events over a real socket. */
export const readEvents = (url: string, headers: Readonly<Record<string, string>>, ca?: string): Promise<EventReader> =>
  new Promise((resolve, reject) => {
    const ask = url.startsWith('https') ? httpsRequest : httpRequest
    const asked = ask(url, { headers, agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
      const events: StreamedEvent[] = []
      const waiting = new Set<() => void>()
      let rest = ''
      response.on('data', (chunk: Buffer) => {
        const blocks = (rest + chunk.toString('utf8')).split('\n\n')
        rest = blocks.pop()!
        for (const block of blocks) {
          const fields = new Map(
            block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
          )
          if (fields.has('data'))
            events.push({ event: fields.get('event') ?? 'message', id: fields.get('id') ?? null, data: JSON.parse(fields.get('data')!) })
        }
        for (const look of waiting) look()
      })
      const ended = new Promise<void>((done) => response.on('close', () => done()))
      response.on('error', () => {})
      resolve({
        events,
        status: response.statusCode ?? 0,
        headers: response.headers,
        ended,
        until: (fits) =>
          new Promise((found) => {
            const look = (): void => {
              const event = events.find(fits)
              if (event === undefined) return
              waiting.delete(look)
              found(event)
            }
            waiting.add(look)
            look()
          }),
        pause: () => void response.pause(),
        resume: () => void response.resume(),
        close: () => void asked.destroy(),
      })
    })
    asked.on('error', reject)
    asked.end()
  })

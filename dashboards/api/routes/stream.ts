import type { EventStream } from '../event-stream.ts'
import type { Handlers } from '../handler.ts'
import { busy } from '../refusal.ts'

const idOf = (header: string | string[] | undefined): number | null => {
  const id = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null
  return id
}

export const streamRoutes = (events: EventStream, headers: Readonly<Record<string, string>>): Handlers<'events'> => ({
  events({ who, request, reply }) {
    if (!events.room(who)) return busy('Too many streams are open')
    // Written past the framework: it would wait for an end that does not come.
    reply.hijack()
    events.open(reply.raw, { ...headers, 'x-request-id': request.id }, who, idOf(request.headers['last-event-id']))
    return undefined
  },
})

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Route } from '../../contracts/api/routes.ts'
import type { Principal } from '../accounts/principal.ts'
import { sameText } from '../accounts/secrets.ts'
import { addressKey } from '../accounts/sign-in-delay.ts'
import { cookieOf, type Cookies } from './cookies.ts'
import { createHostCheck } from './host-check.ts'
import type { InFlight } from './in-flight.ts'
import type { ApiLimits } from './limits.ts'
import { mayUse } from './may-use.ts'
import { createOriginCheck } from './origin-check.ts'
import type { ApiParts } from './parts.ts'
import type { SendProblem } from './problem-reply.ts'
import { createRateLimit } from './rate-limit.ts'
import { busy, later, notLeading, refuse, type Refusal } from './refusal.ts'
import { whoAsks } from './who-asks.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The table's row; absent for the console's files. */
    route?: Route
  }
}

const askers = new WeakMap<FastifyRequest, Principal>()

/** Who passed the door; null on public routes. */
export const whoOf = (request: FastifyRequest): Principal | null => askers.get(request) ?? null

/** Who asks decides whose places are taken: strangers can't fill those of people who have signed in. */
export interface Rooms {
  readonly known: InFlight
  readonly strangers: InFlight
  readonly files: InFlight
}

interface Door {
  readonly parts: Pick<ApiParts, 'accounts' | 'standing' | 'clock' | 'names' | 'publicOrigins' | 'tls'>
  readonly limits: ApiLimits
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: Pick<Cookies, 'session' | 'browser'>
  readonly inFlight: Rooms
  readonly sendProblem: SendProblem
}

const changes = (method: string): boolean => method !== 'GET' && method !== 'HEAD'

/** The one door that every request passes before anything is read of its body: name, size, origin, who asks, whether they may, how often. */
export const guardRequests = (app: FastifyInstance, { parts, limits, headers, cookies, inFlight, sendProblem }: Door): void => {
  const { publicOrigins, standing } = parts
  const hostIsOurs = createHostCheck([...parts.names, ...publicOrigins.map((origin) => new URL(origin).hostname)])
  const sameOrigin = createOriginCheck(parts.tls !== null, publicOrigins)
  const perAsker = createRateLimit(parts.clock, limits.requestsPerSecondMax, limits.requestsBurstMax)
  const perStranger = createRateLimit(parts.clock, limits.strangerRequestsPerSecondMax, limits.strangerRequestsBurstMax)

  /** Whoever floods the desk without signing in must not keep others out: not a browser that an account knows, and signing in is counted apart. */
  const strangerKey = (request: FastifyRequest, route: Route): string => {
    if (route.may !== 'public') return `asks ${addressKey(request.ip)}`
    const browser = parts.accounts.knownBrowser(cookieOf(request.headers.cookie, cookies.browser))
    return browser === null ? `signs in ${addressKey(request.ip)}` : `browser ${browser}`
  }

  const check = (request: FastifyRequest, route: Route | undefined): Refusal | null => {
    if (!hostIsOurs(request.headers.host))
      return refuse(421, 'host', 'The desk is not called that', {
        detail: 'The settings desk.names and desk.publicOrigins list its names.',
      })
    if (request.url.length > limits.urlBytesMax) return refuse(414, 'url', 'The address is too long')
    if (route === undefined) return null
    if (changes(request.method) && request.headers.authorization === undefined && !sameOrigin(request.headers))
      return refuse(403, 'origin', 'This comes from another site')
    const who = route.may === 'public' ? null : whoAsks(request, parts.accounts, cookies)
    const wait =
      who === null ? perStranger.take(strangerKey(request, route)) : perAsker.take(who.kind === 'session' ? who.session : who.token)
    if (wait > 0) return later(wait)
    const refusal = mayUse(route, who)
    if (refusal !== null) return refusal
    if (who?.kind === 'session' && changes(request.method)) {
      const token = request.headers['x-csrf-token']
      if (typeof token !== 'string' || !sameText(token, who.csrfToken))
        return refuse(403, 'csrf', 'The header x-csrf-token is missing or wrong', { detail: 'GET /api/v1/session answers it.' })
    }
    if (changes(request.method) && !standing.leads()) return notLeading(standing.leader())
    if (who !== null) askers.set(request, who)
    return null
  }

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(headers).header('x-request-id', request.id)
    const route = request.routeOptions.config.route
    if (request.url.startsWith('/api')) void reply.header('cache-control', 'no-store')
    const refusal = check(request, route)
    if (refusal !== null) return sendProblem(request, reply, refusal)
    const room = route === undefined ? inFlight.files : whoOf(request) === null ? inFlight.strangers : inFlight.known
    if (!room.enter(reply.raw, request.ip)) return sendProblem(request, reply, busy())
    if (room === inFlight.strangers && !request.raw.complete) {
      // A body that trickles in holds a place: a stranger's only for so long.
      const timer = setTimeout(() => {
        if (!request.raw.complete) request.raw.destroy()
      }, limits.strangerRequestMs)
      reply.raw.once('close', () => clearTimeout(timer))
    }
    return undefined
  })
}

import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Route, type RouteId, routes } from '../../contracts/api/routes.ts'
import type { LinkCode } from '../accounts/people.ts'
import { serveConsole } from './console-files.ts'
import { createCookies } from './cookies.ts'
import { limitConnections } from './connection-limits.ts'
import { guardRequests, type Rooms, whoOf } from './guard.ts'
import { createEventStream } from './event-stream.ts'
import type { Call, Handler, Handlers } from './handler.ts'
import { inTime } from './in-time.ts'
import { createInFlight } from './in-flight.ts'
import { apiLimits, type ApiLimits } from './limits.ts'
import { openapiDocument } from './openapi.ts'
import type { ApiParts } from './parts.ts'
import { createSendProblem, refusalOf } from './problem-reply.ts'
import { readRequest } from './read-request.ts'
import { isRefusal, refuse } from './refusal.ts'
import { accountRoutes } from './routes/accounts.ts'
import { actionRoutes } from './routes/actions.ts'
import { alertRoutes } from './routes/alerts.ts'
import { deviceRoutes } from './routes/devices.ts'
import { exportRoutes } from './routes/export.ts'
import { overviewRoutes } from './routes/overview.ts'
import { pagingRoutes } from './routes/paging.ts'
import { sessionRoutes } from './routes/session.ts'
import { streamRoutes } from './routes/stream.ts'
import { suppressionRoutes } from './routes/suppressions.ts'
import { securityHeaders } from './security-headers.ts'
import { signInUrl, type SignedLink } from './sign-in-url.ts'
import { createSummary } from './summary.ts'
import { answerBrokenRequest } from './broken-request.ts'
import { createAlertView, createAssets } from './views.ts'

export const apiPrefix = '/api/v1'

export interface Api {
  /** Answers the port. */
  listen(at: { readonly host: string; readonly port: number }): Promise<number>
  /** The link for a person at this machine, or under the desk's first name or public origin. @param host e.g. `127.0.0.1:8480` */
  signInLink(link: LinkCode, host: string): SignedLink
  stats(): Readonly<Record<string, number>>
  close(): Promise<void>
  /** For tests: requests without a socket. */
  readonly app: FastifyInstance
}

/** How often Node looks for requests that take too long to arrive, ms. */
const connectionsCheckingInterval = 2_000

/** The desk's server: made from the table of routes, each of which has a handler or this does not compile. */
export const createApi = async (parts: ApiParts): Promise<Api> => {
  const limits: ApiLimits = { ...apiLimits, ...parts.limits }
  const { logger, desk, history, directory } = parts
  const tls = parts.tls !== null
  /** Whether browsers speak TLS: with the desk itself, or with the proxy in front of it. */
  const secure = tls || parts.publicOrigins.length > 0
  const headers = securityHeaders(secure)
  const cookies = createCookies(secure)
  const sendProblem = createSendProblem(logger)
  const told = { limits, logger, standing: parts.standing }
  const inFlight: Rooms = {
    known: createInFlight(limits.inFlightMax, limits.inFlightPerAddressMax),
    strangers: createInFlight(limits.strangersInFlightMax, limits.strangersInFlightPerAddressMax),
    files: createInFlight(limits.filesInFlightMax, limits.filesInFlightPerAddressMax),
  }
  const viewOf = createAlertView(directory)
  const assets = createAssets(directory, desk, history)
  const summary = createSummary(parts, assets)
  const events = createEventStream(parts, limits, viewOf, summary)
  const signInLink = (link: LinkCode, host: string): SignedLink =>
    signInUrl(parts.publicOrigins[0] ?? `${tls ? 'https' : 'http'}://${host}`, link)

  const app = fastify({
    ...(parts.tls !== null
      ? {
          https: {
            key: parts.tls.keyPem,
            cert: parts.tls.certificatePem,
            minVersion: 'TLSv1.2',
            handshakeTimeout: limits.headersMs,
            connectionsCheckingInterval,
          } as const,
        }
      : { http: { connectionsCheckingInterval } }),
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    genReqId: () => parts.newId(),
    requestIdHeader: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: limits.paramCharactersMax, ignoreTrailingSlash: false },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      void reply.headers(headers).header('x-request-id', request.id)
      sendProblem(request, reply, refusalOf(error, request, told))
    },
  } as Parameters<typeof fastify>[0]) as unknown as FastifyInstance
  limitConnections(app.server, limits)
  app.removeAllContentTypeParsers()
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    // A client that always names a content type may send none of it.
    if (text === '') done(null, undefined)
    else void parseJson(request, text as string, done)
  })
  app.setErrorHandler<FastifyError>((error, request, reply) => sendProblem(request, reply, refusalOf(error, request, told)))

  guardRequests(app, { parts, limits, headers, cookies, inFlight, sendProblem })

  const handlers: Handlers = {
    ...sessionRoutes(parts, cookies),
    ...alertRoutes(parts, viewOf, assets, summary),
    ...actionRoutes(parts, viewOf),
    ...exportRoutes(parts, viewOf),
    ...deviceRoutes(parts, assets),
    ...overviewRoutes(parts, viewOf, assets),
    ...suppressionRoutes(parts),
    ...accountRoutes(parts, signInLink),
    ...pagingRoutes(parts),
    ...streamRoutes(events, headers),
    openapi: () => ({ answer: openapiDocument() }),
  }
  for (const id of Object.keys(routes) as RouteId[]) {
    const route: Route = routes[id]
    const handle = handlers[id] as Handler<RouteId>
    app.route({
      method: route.method,
      url: `${apiPrefix}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      config: { route },
      handler: async (request, reply) => {
        const asked = readRequest(route, request)
        if (isRefusal(asked)) return sendProblem(request, reply, asked)
        if (route.stream !== undefined) inFlight.known.leave(reply.raw)
        const call = { ...asked, who: whoOf(request), address: request.ip, request, reply } as Call<RouteId>
        const outcome = await inTime(handle(call), limits.answerMs, route.method !== 'GET')
        if (outcome === undefined) return reply
        if (isRefusal(outcome)) return sendProblem(request, reply, outcome)
        if (outcome.cookies !== undefined) reply.header('set-cookie', outcome.cookies)
        if (outcome.etag !== undefined) reply.header('etag', `"${outcome.etag}"`)
        if (route.answer === null) return reply.code(204).send()
        // What goes out is what the table says: a field that it does not name stays here.
        return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(route.answer.parse(outcome.answer)))
      },
    })
  }

  const sendConsole = serveConsole(app, parts.consoleDirectory)
  const paths = Object.values(routes).map(({ method, path }: Route) => ({
    method,
    pattern: new RegExp(`^${apiPrefix}${path.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!
    if (path !== '/api' && !path.startsWith('/api/')) {
      if (request.method === 'GET' || request.method === 'HEAD') return sendConsole(request, reply)
      return sendProblem(request, reply, refuse(405, 'method', 'This is read only', {}, { allow: 'GET, HEAD' }))
    }
    const allowed = paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
    return sendProblem(
      request,
      reply,
      allowed.length === 0
        ? refuse(404, 'not-found', 'There is nothing at this address')
        : refuse(405, 'method', `${request.method} is not for this address`, {}, { allow: [...new Set(allowed)].join(', ') }),
    )
  })
  await app.ready()

  return {
    app,
    async listen({ host, port }) {
      await app.listen({ host, port })
      const address = app.server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    },
    signInLink,
    stats: () => ({ ...events.stats(), inFlight: inFlight.known.size, strangersInFlight: inFlight.strangers.size }),
    async close() {
      events.close()
      await app.close()
    },
  }
}

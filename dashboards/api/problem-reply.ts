import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type ApiLimits } from './limits.ts'
import type { DeskStanding } from './parts.ts'
import { notLeading, problemOf, refuse, type Refusal } from './refusal.ts'

/** Ends that say nothing new to whoever reads the log: anybody can make them by the thousand. */
const quiet = new Set([401, 404, 405, 429])

export type SendProblem = (request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => FastifyReply

export const createSendProblem =
  (logger: Logger): SendProblem =>
  (request, reply, refusal) => {
    const fields = {
      requestId: request.id,
      status: refusal.status,
      reason: refusal.reason,
      method: request.method,
      route: request.routeOptions.url,
    }
    if (quiet.has(refusal.status)) logger.debug(fields, 'a request was refused')
    else logger.info(fields, 'a request was refused')
    return reply
      .code(refusal.status)
      .headers(refusal.headers)
      .header('content-type', 'application/problem+json')
      .header('cache-control', 'no-store')
      .send(JSON.stringify(problemOf(refusal, request.id)))
  }

/** What the framework or a bug throws, as a refusal; a bug is logged with its stack and told without it. */
export const refusalOf = (
  error: FastifyError,
  request: FastifyRequest,
  { limits, logger, standing }: { readonly limits: ApiLimits; readonly logger: Logger; readonly standing: DeskStanding },
): Refusal => {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse(413, 'too-large', 'The body is too large', { detail: `At most ${limits.bodyBytesMax} bytes.` })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse(415, 'media-type', 'A body is application/json', {}, { accept: 'application/json' })
    case 'FST_ERR_MAX_PARAM_LENGTH':
    case 'FST_ERR_BAD_URL':
      return refuse(400, 'url', 'The address is malformed')
  }
  // It led when the request came in.
  if (error instanceof LogUnavailable && error.reason === 'not-leading') return notLeading(standing.leader())
  if (error instanceof LogUnavailable) {
    logger.error({ requestId: request.id, reason: error.reason }, 'the log takes nothing: an action was refused')
    return refuse(
      503,
      'log-away',
      'Nothing can be recorded now',
      { detail: `The log is not writable (${error.reason}). Nothing was changed.` },
      { 'retry-after': '5' },
    )
  }
  const status = error.statusCode ?? 500
  // Of the framework's own refusals only the status is told: its texts repeat what was sent.
  if (status >= 400 && status < 500)
    return refuse(status, 'malformed', status === 400 ? 'The request is malformed' : 'The request can not be taken')
  logger.error({ err: error, requestId: request.id, method: request.method, route: request.routeOptions.url }, 'a request failed')
  return refuse(500, 'internal', 'This went wrong here', { detail: `The log has it under ${request.id}.` })
}

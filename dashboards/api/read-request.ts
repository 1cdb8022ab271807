import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Route } from '../../contracts/api/routes.ts'
import { ifMatchMissing, refuse, type Refusal } from './refusal.ts'

export interface Asked {
  readonly at: Readonly<Record<string, string>>
  readonly query: unknown
  readonly body: unknown
  readonly version: number
}

const errorsMax = 20

const invalid = (where: 'query' | 'body', error: z.ZodError): Refusal =>
  refuse(400, 'invalid', where === 'body' ? 'The body is not as it must be' : 'The query is not as it must be', {
    errors: error.issues.slice(0, errorsMax).map(({ path, message }) => ({ path: path.join('.'), message })),
  })

/** The version in `If-Match`. `*` is none: a change names what its actor saw. */
const versionIn = (header: string | undefined, needed: boolean): number | Refusal => {
  if (header === undefined) return needed ? ifMatchMissing() : 0
  const match = /^"(\d{1,15})"$/.exec(header.trim())
  return match === null ? refuse(400, 'if-match', 'If-Match is one ETag', { detail: 'For example "42".' }) : Number(match[1])
}

/** What is asked, as the table says it must be. */
export const readRequest = (route: Route, request: FastifyRequest): Asked | Refusal => {
  const at = request.params as Record<string, string>
  const query = route.query?.safeParse(request.query)
  if (query?.success === false) return invalid('query', query.error)
  const body = route.body?.safeParse(request.body)
  if (body?.success === false) return invalid('body', body.error)
  const version = route.ifMatch === undefined ? 0 : versionIn(request.headers['if-match'], route.ifMatch === true)
  if (typeof version !== 'number') return version
  return { at, query: query?.data, body: body?.data, version }
}

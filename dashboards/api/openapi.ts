import { z } from 'zod'
import { problem } from '../../contracts/api/problem.ts'
import { type Route, routes } from '../../contracts/api/routes.ts'

const statuses = (route: Route): Readonly<Record<string, string>> => ({
  '400': 'Malformed, or not as the schema says',
  ...(route.may === 'public' ? { '401': 'Wrong' } : { '401': 'Not signed in', '403': 'Not with this role, scope, origin or CSRF token' }),
  ...(route.path.includes('{') ? { '404': 'There is no such thing' } : {}),
  ...(route.method === 'GET' ? {} : { '409': 'It has changed, or does not allow that now', '413': 'Too large', '415': 'Not JSON' }),
  ...(route.ifMatch !== undefined ? { '428': 'If-Match is missing' } : {}),
  '408': 'The request came too slowly',
  '414': 'The address is too long',
  '421': 'Not a name of the desk',
  '429': 'Too many requests',
  '431': 'The headers are too long',
  '500': 'A bug',
  '503': 'Busy, or a part is away',
})

type Json = Record<string, unknown>

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' }) as Json
  return rest
}

const queryParameters = (schema: z.ZodType | undefined): Json[] => {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Json; required?: string[] }
  return Object.entries(properties).map(([name, inner]) => ({ name, in: 'query', required: required.includes(name), schema: inner }))
}

const contentOf = (route: Route): Json => {
  if (route.stream === 'text/event-stream') return { 'text/event-stream': { schema: { type: 'string' } } }
  if (route.stream === 'export')
    return Object.fromEntries(
      ['application/json', 'application/x-ndjson', 'application/fhir+json', 'application/fhir+ndjson'].map((type) => [
        type,
        { schema: {} },
      ]),
    )
  return { 'application/json': { schema: schemaOf(route.answer!, 'output') } }
}

const operationOf = (id: string, route: Route): Json => {
  const parameters: Json[] = [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1, maxLength: 128 },
    })),
    ...queryParameters(route.query),
    ...(route.ifMatch !== undefined
      ? [
          {
            name: 'If-Match',
            in: 'header',
            required: route.ifMatch === true,
            description:
              route.ifMatch === true
                ? 'The ETag (the version) of what is changed, as it was seen'
                : 'The ETag (the version) as it was seen. Without it only what is not there yet is made: 428 when it is',
            schema: { type: 'string', pattern: '^"[0-9]{1,15}"$' },
          },
        ]
      : []),
    ...(id === 'events'
      ? [
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description: 'The last event that was seen',
            schema: { type: 'string', pattern: '^[0-9]{1,15}$' },
          },
        ]
      : []),
  ]
  const problems = Object.fromEntries(
    Object.entries(statuses(route)).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    ]),
  )
  const etag = { ETag: { description: 'The version: what a change sends back as If-Match', schema: { type: 'string' } } }
  const success =
    route.answer === null
      ? { '204': { description: 'Done' } }
      : {
          '200': {
            description: 'OK',
            ...(route.ifMatch !== undefined || id === 'alert' || id === 'pagingRules' ? { headers: etag } : {}),
            content: contentOf(route),
          },
        }
  const security = route.may === 'public' ? [] : [{ session: [] }, ...(route.scope === null ? [] : [{ token: [] }])]
  return {
    operationId: id,
    summary: route.summary,
    description:
      route.may === 'public'
        ? 'Without signing in.'
        : `Roles: ${route.may.join(', ')}. Token scope: ${route.scope ?? 'none, a session only'}.`,
    tags: [route.path.split('/')[1]],
    security,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }),
    responses: { ...success, ...problems },
  }
}

let made: Json | undefined

/** The API as OpenAPI 3.1, from the same table and schemas that the server is made of. */
export const openapiDocument = (): Json => {
  if (made !== undefined) return made
  const paths: Record<string, Json> = {}
  for (const [id, route] of Object.entries(routes) as [string, Route][])
    (paths[`/api/v1${route.path}`] ??= {})[route.method.toLowerCase()] = operationOf(id, route)
  made = {
    openapi: '3.1.0',
    info: {
      title: 'Wardwatch desk',
      version: '1',
      description:
        'Alerts of medical devices: triage, devices, paging, accounts. Errors are RFC 9457 problem documents. What changes an alert, an account, a paging channel or the paging rules names the version it saw in If-Match. A session sends the token that GET /api/v1/session answers as x-csrf-token with everything but GET.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problem, 'output') },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'wardwatch-session', description: 'Under TLS the name begins with __Host-' },
        token: { type: 'http', scheme: 'bearer', description: 'An API token, wwt_...' },
      },
    },
  }
  return made
}

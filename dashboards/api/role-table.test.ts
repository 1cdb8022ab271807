import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roles, tokenScopes } from '../../contracts/api/access.ts'
import { problem } from '../../contracts/api/problem.ts'
import { type Route, routes } from '../../contracts/api/routes.ts'
import { sampleAlert } from '../testing/sample-alert.ts'
import { type Asked, createTestDesk, type TestDesk } from '../testing/test-desk.ts'
import { apiPrefix } from './create-api.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await createTestDesk()
  desk.parts.desk.put(sampleAlert({ id: 'a1', openedAt: desk.clock.nowMs }))
})
afterAll(() => desk.close())

const table = Object.entries(routes) as [string, Route][]

/** A request to the route that nothing stands in the way of but the door: what it does beyond is not looked at. */
const askedOf = (route: Route): Asked => ({
  method: route.method,
  url: `${apiPrefix}${route.path.replaceAll(/\{(\w+)\}/g, 'none-such')}`,
  ...(route.method === 'GET' ? {} : { body: {} }),
  ...(route.ifMatch === true ? { headers: { 'if-match': '"1"' } } : {}),
})

describe('the table and the server are one', () => {
  const told = table.map(([, { method, path }]) => `${method} ${apiPrefix}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`)

  it('every route of the table is served', () => {
    for (const [, { method, path }] of table)
      expect(desk.api.app.hasRoute({ method, url: `${apiPrefix}${path.replaceAll(/\{(\w+)\}/g, ':$1')}` }), `${method} ${path}`).toBe(true)
  })
  it('every route that is served is in the table', () => {
    // The tree is printed level by level: its leaves are put together here.
    const tree = desk.api.app.printRoutes({ commonPrefix: false })
    const stack: string[] = []
    const served: string[] = []
    for (const line of tree.split('\n')) {
      const match = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line)
      if (match === null) continue
      const depth = match[1]!.length / 4
      stack.length = depth
      stack.push(match[2]!)
      if (match[3] !== undefined) for (const method of match[3].split(', ')) served.push(`${method} ${stack.join('')}`)
    }
    expect(served.length).toBeGreaterThan(20)
    expect(served.toSorted()).toEqual(told.toSorted())
  })
  it('no path is there twice', () => expect(new Set(told).size).toBe(told.length))
})

describe('every role on every route', () => {
  for (const [id, route] of table) {
    if (route.may === 'public') continue
    const may = route.may
    it(`${id}: nobody in particular is asked to sign in`, async () => {
      const response = await desk.ask(askedOf(route))
      expect(response.statusCode).toBe(401)
      expect(problem.parse(response.json()).type).toBe('urn:wardwatch:problem:not-signed-in')
      expect(response.headers['www-authenticate']).toContain('Bearer')
    })
    // These end the session that asks, or go on for ever.
    if (id === 'signOut' || id === 'events') continue
    for (const role of roles)
      it(`${id}: ${role} ${may.includes(role) ? 'may' : 'may not'}`, async () => {
        const response = await desk.as(desk.browsers[role], askedOf(route))
        if (may.includes(role)) expect([401, 403, 500], response.body).not.toContain(response.statusCode)
        else {
          expect(response.statusCode, response.body).toBe(403)
          const told = problem.parse(response.json())
          expect(told.type).toBe('urn:wardwatch:problem:role')
          expect(told.roles).toEqual(may)
        }
      })
    for (const role of roles)
      for (const scope of tokenScopes) {
        const enough = route.scope !== null && tokenScopes.indexOf(scope) >= tokenScopes.indexOf(route.scope)
        const fine = may.includes(role) && enough
        it(`${id}: a token of ${role} with ${scope} ${fine ? 'may' : 'may not'}`, async () => {
          const { headers = {}, ...asked } = askedOf(route)
          const response = await desk.ask({ ...asked, headers: { ...headers, authorization: `Bearer ${await tokenOf(role, scope)}` } })
          if (fine) expect([401, 403, 500], response.body).not.toContain(response.statusCode)
          else expect(response.statusCode, response.body).toBe(403)
        })
      }
  }
})

const tokens = new Map<string, string>()
const tokenOf = async (role: (typeof roles)[number], scope: (typeof tokenScopes)[number]): Promise<string> => {
  const key = `${role} ${scope}`
  const known = tokens.get(key) ?? (await desk.token(role, scope))
  tokens.set(key, known)
  return known
}

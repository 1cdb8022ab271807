import { describe, expect, it } from 'vitest'
import { roles } from '../../../../contracts/api/access.ts'
import { routes, type Route } from '../../../../contracts/api/routes.ts'
import { mayCall, routeList, type CalledRoute } from './route-list.ts'

describe("the console's routes are those of the table", () => {
  for (const [id, [method, path, least]] of Object.entries(routeList))
    it(id, () => {
      const route: Route = routes[id as CalledRoute]
      expect([route.method, route.path]).toEqual([method, path])
      if (route.may === 'public') expect(least).toBeNull()
      else for (const role of roles) expect(mayCall(role, id as CalledRoute), role).toBe(route.may.includes(role))
    })

  it('leaves out only what has no screen', () =>
    expect(Object.keys(routes).filter((id) => !Object.hasOwn(routeList, id))).toEqual(['exportAlerts', 'events', 'openapi']))
})

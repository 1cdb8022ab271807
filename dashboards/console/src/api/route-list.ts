import type { RouteId } from '../../../../contracts/api/routes.ts'
import type { Role } from '../../../../contracts/api/access.ts'

/**
 * Method, path and the least role of every route that the console calls. Kept by hand because the table itself would bring zod into the
 * bundle; route-list.test.ts compares it with contracts/api/routes.ts.
 */
export const routeList = {
  signInByLink: ['POST', '/session/link', null],
  signInByPassword: ['POST', '/session/password', null],
  session: ['GET', '/session', 'viewer'],
  signOut: ['DELETE', '/session', 'viewer'],
  changePassword: ['PUT', '/session/password', 'viewer'],
  listAlerts: ['GET', '/alerts', 'viewer'],
  alertSummary: ['GET', '/alerts/summary', 'viewer'],
  alertSparks: ['GET', '/alerts/sparks', 'viewer'],
  bulkAlerts: ['POST', '/alerts/bulk', 'analyst'],
  alert: ['GET', '/alerts/{id}', 'viewer'],
  alertTimeline: ['GET', '/alerts/{id}/timeline', 'viewer'],
  alertSignals: ['GET', '/alerts/{id}/signals', 'viewer'],
  acknowledgeAlert: ['POST', '/alerts/{id}/acknowledge', 'analyst'],
  assignAlert: ['POST', '/alerts/{id}/assign', 'analyst'],
  snoozeAlert: ['POST', '/alerts/{id}/snooze', 'analyst'],
  wakeAlert: ['POST', '/alerts/{id}/wake', 'analyst'],
  closeAlert: ['POST', '/alerts/{id}/close', 'analyst'],
  noteAlert: ['POST', '/alerts/{id}/note', 'analyst'],
  containAlert: ['POST', '/alerts/{id}/contain', 'responder'],
  undoAlert: ['POST', '/alerts/{id}/undo', 'analyst'],
  listDevices: ['GET', '/devices', 'viewer'],
  device: ['GET', '/devices/{device}', 'viewer'],
  deviceVitals: ['GET', '/devices/{device}/vitals', 'viewer'],
  deviceConnections: ['GET', '/devices/{device}/connections', 'viewer'],
  pipeline: ['GET', '/pipeline', 'viewer'],
  search: ['GET', '/search', 'viewer'],
  listSuppressions: ['GET', '/suppressions', 'viewer'],
  addSuppression: ['POST', '/suppressions', 'analyst'],
  endSuppression: ['POST', '/suppressions/{id}/end', 'analyst'],
  listAccounts: ['GET', '/accounts', 'admin'],
  createAccount: ['POST', '/accounts', 'admin'],
  changeAccount: ['PATCH', '/accounts/{account}', 'admin'],
  linkAccount: ['POST', '/accounts/{account}/link', 'admin'],
  listPeople: ['GET', '/people', 'viewer'],
  listTokens: ['GET', '/tokens', 'viewer'],
  createToken: ['POST', '/tokens', 'viewer'],
  revokeToken: ['DELETE', '/tokens/{id}', 'viewer'],
  listNotifiers: ['GET', '/notifiers', 'admin'],
  putNotifier: ['PUT', '/notifiers/{id}', 'admin'],
  deleteNotifier: ['DELETE', '/notifiers/{id}', 'admin'],
  testNotifier: ['POST', '/notifiers/{id}/test', 'admin'],
  pagingRules: ['GET', '/paging-rules', 'admin'],
  putPagingRules: ['PUT', '/paging-rules', 'admin'],
  listPages: ['GET', '/pages', 'viewer'],
} as const satisfies Partial<Record<RouteId, readonly [string, string, Role | null]>>

export type CalledRoute = keyof typeof routeList

const order: readonly Role[] = ['viewer', 'analyst', 'responder', 'admin']
/** Whether a role may call a route; the server decides anew on every call. */
export const mayCall = (role: Role, route: CalledRoute): boolean => {
  const least = routeList[route][2]
  return least === null || order.indexOf(role) >= order.indexOf(least)
}

import { z } from 'zod'
import * as access from './access.ts'
import * as alerts from './alerts.ts'
import * as devices from './devices.ts'
import * as paging from './paging.ts'
import * as pipe from './pipeline.ts'
import { suppression } from '../suppression.ts'

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Under `/api/v1`; parameters in braces. */
  readonly path: string
  readonly summary: string
  /** Who may; `public` without signing in. */
  readonly may: readonly access.Role[] | 'public'
  /** The least scope of an API token that may; null: no token, only a person's session. */
  readonly scope: access.TokenScope | null
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** JSON answered with 200; null: 204. */
  readonly answer: z.ZodType | null
  /**
   * Needs `If-Match` with the version (of the alert, of the rules) that was seen; answers its new one as `ETag`. A version that has moved on is a 409 that says who
   * changed what. `or-new`: what is not there yet is made without it, and never changed without it.
   */
  readonly ifMatch?: true | 'or-new'
  /** Answers something else than one JSON document. */
  readonly stream?: 'text/event-stream' | 'export'
}

const everyone = ['viewer', 'analyst', 'responder', 'admin'] as const
const triagers = ['analyst', 'responder', 'admin'] as const
const responders = ['responder', 'admin'] as const
const admins = ['admin'] as const

const read = { method: 'GET', may: everyone, scope: 'read' } as const
const act = { method: 'POST', may: triagers, scope: 'triage', ifMatch: true, answer: alerts.actionAnswer } as const
const administer = { may: admins, scope: 'admin' } as const

/** Every route of the API with who may use it: the server is made from it, the console is typed by it, a test walks it both ways. */
export const routes = {
  signInByLink: {
    method: 'POST',
    path: '/session/link',
    summary: 'Signs in with a one-time link',
    may: 'public',
    scope: null,
    body: access.linkSignIn,
    answer: access.me,
  },
  signInByPassword: {
    method: 'POST',
    path: '/session/password',
    summary: 'Signs in with a password',
    may: 'public',
    scope: null,
    body: access.passwordSignIn,
    answer: access.me,
  },
  session: { ...read, path: '/session', summary: 'Who asks', answer: access.me },
  signOut: { method: 'DELETE', path: '/session', summary: 'Ends the session', may: everyone, scope: null, answer: null },
  changePassword: {
    method: 'PUT',
    path: '/session/password',
    summary: "Sets one's own password; every session of the account ends, and this one goes on under a new cookie and CSRF token",
    may: everyone,
    scope: null,
    body: access.passwordChange,
    answer: access.me,
  },

  listAlerts: { ...read, path: '/alerts', summary: 'The queue', query: alerts.alertListQuery, answer: alerts.alertList },
  alertSummary: { ...read, path: '/alerts/summary', summary: 'Counts, histogram, past due', answer: alerts.alertSummary },
  alertSparks: {
    ...read,
    path: '/alerts/sparks',
    summary: 'Small plots for rows of the queue',
    query: alerts.sparksQuery,
    answer: alerts.sparks,
  },
  exportAlerts: {
    ...read,
    path: '/alerts/export',
    summary: 'Alerts as OCSF Detection Findings or FHIR DetectedIssues',
    query: alerts.exportQuery,
    answer: z.unknown(),
    stream: 'export',
  },
  bulkAlerts: {
    method: 'POST',
    path: '/alerts/bulk',
    summary: 'One action on up to 500 alerts',
    may: triagers,
    scope: 'triage',
    body: alerts.bulkBody,
    answer: alerts.bulkAnswer,
  },
  alert: { ...read, path: '/alerts/{id}', summary: 'One alert, its asset and related alerts', answer: alerts.alertDetail },
  alertTimeline: {
    ...read,
    path: '/alerts/{id}/timeline',
    summary: 'What happened, newest first',
    query: devices.connectionsQuery,
    answer: alerts.timeline,
  },
  alertSignals: {
    ...read,
    path: '/alerts/{id}/signals',
    summary: 'The signal, its baseline and a related one',
    query: alerts.signalsQuery,
    answer: alerts.signals,
  },
  acknowledgeAlert: { ...act, path: '/alerts/{id}/acknowledge', summary: 'Somebody looks at it' },
  assignAlert: { ...act, path: '/alerts/{id}/assign', summary: 'Whose it is', body: alerts.assignBody },
  snoozeAlert: { ...act, path: '/alerts/{id}/snooze', summary: 'Out of the queue until a time', body: alerts.snoozeBody },
  wakeAlert: { ...act, path: '/alerts/{id}/wake', summary: 'Back into the queue' },
  closeAlert: { ...act, path: '/alerts/{id}/close', summary: 'Done, with a verdict and a reason', body: alerts.closeBody },
  noteAlert: { ...act, path: '/alerts/{id}/note', summary: 'A note', body: alerts.noteBody },
  containAlert: {
    ...act,
    path: '/alerts/{id}/contain',
    may: responders,
    summary: 'Records that the device is contained, and how',
    body: alerts.containBody,
  },
  undoAlert: { ...act, path: '/alerts/{id}/undo', summary: "Takes one's own last action back, within 10 s", body: alerts.undoBody },

  listDevices: { ...read, path: '/devices', summary: 'Devices', query: devices.deviceListQuery, answer: devices.deviceList },
  device: { ...read, path: '/devices/{device}', summary: 'One device', answer: devices.deviceDetail },
  deviceVitals: {
    ...read,
    path: '/devices/{device}/vitals',
    summary: 'What it measured',
    query: devices.deviceVitalsQuery,
    answer: devices.deviceVitals,
  },
  deviceConnections: {
    ...read,
    path: '/devices/{device}/connections',
    summary: 'Its sessions and refusals, newest first',
    query: devices.connectionsQuery,
    answer: devices.connections,
  },

  pipeline: { ...read, path: '/pipeline', summary: "The data's way, station by station", answer: pipe.pipeline },
  search: { ...read, path: '/search', summary: 'Alerts and devices by words', query: pipe.searchQuery, answer: pipe.searchAnswer },
  events: { ...read, path: '/events', summary: 'What changes, as it changes', answer: z.unknown(), stream: 'text/event-stream' },
  openapi: { ...read, path: '/openapi.json', summary: 'This API as OpenAPI 3.1', answer: z.unknown() },

  listSuppressions: { ...read, path: '/suppressions', summary: 'Suppressions and what they hide', answer: paging.suppressions },
  addSuppression: {
    method: 'POST',
    path: '/suppressions',
    summary: 'Hides one detector on one device or model for a while',
    may: triagers,
    scope: 'triage',
    body: paging.suppressionCreate,
    answer: suppression,
  },
  endSuppression: {
    method: 'POST',
    path: '/suppressions/{id}/end',
    summary: 'Ends it now',
    may: triagers,
    scope: 'triage',
    answer: suppression,
  },

  listAccounts: {
    ...administer,
    method: 'GET',
    path: '/accounts',
    summary: 'Accounts',
    answer: z.object({ items: z.array(access.account) }),
  },
  createAccount: {
    ...administer,
    method: 'POST',
    path: '/accounts',
    summary: 'A new account with a one-time link',
    scope: null,
    body: access.accountCreate,
    answer: access.accountCreated,
  },
  changeAccount: {
    ...administer,
    method: 'PATCH',
    path: '/accounts/{account}',
    summary: 'Role, name, disabled',
    scope: null,
    body: access.accountChange,
    answer: access.account,
    ifMatch: true,
  },
  linkAccount: {
    ...administer,
    method: 'POST',
    path: '/accounts/{account}/link',
    summary: 'A new one-time link',
    scope: null,
    answer: access.signInLink,
  },
  /** Names only: whom an alert can be assigned to. */
  listPeople: {
    ...read,
    path: '/people',
    summary: 'Accounts that can own an alert',
    answer: z.object({ items: z.array(z.object({ account: access.accountName, displayName: z.string() })) }),
  },
  listTokens: {
    method: 'GET',
    path: '/tokens',
    summary: "One's own API tokens; an admin sees all",
    may: everyone,
    scope: null,
    answer: z.object({ items: z.array(access.apiToken) }),
  },
  createToken: {
    method: 'POST',
    path: '/tokens',
    summary: 'A new API token',
    may: everyone,
    scope: null,
    body: access.tokenCreate,
    answer: access.tokenCreated,
  },
  revokeToken: { method: 'DELETE', path: '/tokens/{id}', summary: 'Ends a token', may: everyone, scope: null, answer: null },

  listNotifiers: { ...administer, method: 'GET', path: '/notifiers', summary: 'Paging channels', answer: paging.notifiers },
  putNotifier: {
    ...administer,
    method: 'PUT',
    path: '/notifiers/{id}',
    summary: 'Makes or changes a channel',
    body: paging.notifierBody,
    answer: paging.notifier,
    ifMatch: 'or-new',
  },
  deleteNotifier: { ...administer, method: 'DELETE', path: '/notifiers/{id}', summary: 'Takes a channel out', answer: null, ifMatch: true },
  testNotifier: {
    ...administer,
    method: 'POST',
    path: '/notifiers/{id}/test',
    summary: 'Sends a test page now',
    answer: paging.testAnswer,
  },
  pagingRules: { ...administer, method: 'GET', path: '/paging-rules', summary: 'Who is told of what, when', answer: paging.pagingRules },
  putPagingRules: {
    ...administer,
    method: 'PUT',
    path: '/paging-rules',
    summary: 'Sets all rules',
    body: paging.pagingRulesBody,
    answer: paging.pagingRules,
    ifMatch: true,
  },
  listPages: { ...read, path: '/pages', summary: 'The last 200 pages', answer: paging.pages },
} as const satisfies Record<string, Route>

export type RouteId = keyof typeof routes
type Of<Id extends RouteId> = (typeof routes)[Id]
export type Answer<Id extends RouteId> = Of<Id>['answer'] extends z.ZodType<infer T> ? T : undefined
export type Body<Id extends RouteId> = Of<Id> extends { readonly body: z.ZodType<unknown, infer T> } ? T : undefined
export type Query<Id extends RouteId> = Of<Id> extends { readonly query: z.ZodType<unknown, infer T> } ? T : undefined

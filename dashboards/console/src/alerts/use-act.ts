import { useQueryClient } from '@tanstack/react-query'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import type { Problem } from '../../../../contracts/api/problem.ts'
import { problemOf } from '../api/api-error.ts'
import { mayCall, type CalledRoute } from '../api/route-list.ts'
import { useDesk, type Desk } from '../desk.ts'
import { clockTime } from '../parts/format.ts'
import { useMe } from '../state/session.ts'
import { bulkAlertsMax, undoMs } from './limits.ts'
import { optimistic, type DeskAction } from './optimistic.ts'
import { verbOf } from './told.ts'

export const routeOf = {
  acknowledge: 'acknowledgeAlert',
  assign: 'assignAlert',
  snooze: 'snoozeAlert',
  wake: 'wakeAlert',
  close: 'closeAlert',
  note: 'noteAlert',
  contain: 'containAlert',
} as const satisfies Record<DeskAction['type'], CalledRoute>

/** What was done, as the toast says it. */
const done = (action: DeskAction, nameOf: (account: string) => string): string => {
  switch (action.type) {
    case 'acknowledge':
      return 'Acknowledged'
    case 'assign':
      return action.owner === null ? 'Given back to everybody' : `Assigned to ${nameOf(action.owner)}`
    case 'snooze':
      return `Snoozed until ${clockTime(action.until).slice(0, 5)}`
    case 'wake':
      return 'Woken'
    case 'close':
      return 'Closed'
    case 'note':
      return 'Note written'
    case 'contain':
      return 'Containment recorded'
  }
}

const notDone: Readonly<Record<DeskAction['type'], string>> = {
  acknowledge: 'Not acknowledged',
  assign: 'Not assigned',
  snooze: 'Not snoozed',
  wake: 'Not woken',
  close: 'Not closed',
  note: 'Note not written',
  contain: 'Containment not recorded',
}

/** "Not closed: Rosa Klein acknowledged it at 10:42:08." */
export const refusal = (what: string, problem: Problem, nameOf: (account: string) => string): string => {
  if (problem.status === 409 && problem.changedBy !== undefined)
    return `${what}: ${nameOf(problem.changedBy)} ${verbOf(problem.change ?? 'changed')} it${problem.changedAt === undefined ? '' : ` at ${clockTime(problem.changedAt)}`}.`
  return `${what}: ${problem.detail ?? problem.title}`
}

const bodyOf = (action: DeskAction): object | undefined => {
  const { type, ...body } = action
  return type === 'acknowledge' || type === 'wake' ? undefined : body
}

const callOne = async (desk: Desk, alert: AlertView, action: DeskAction) => {
  const body = bodyOf(action)
  // The body of each action is that of its route: contracts/triage-desk.ts and contracts/api/alerts.ts say the same fields.
  const answer = await desk.client.call(routeOf[action.type], {
    params: { id: alert.id },
    version: alert.version,
    ...(body === undefined ? {} : { body: body as never }),
  })
  return answer
}

const undoing = async (desk: Desk, alerts: readonly AlertView[]): Promise<void> => {
  let undone = 0
  const failures: string[] = []
  const one = async (alert: AlertView) => {
    try {
      const answer = await desk.client.call('undoAlert', {
        params: { id: alert.id },
        version: alert.version,
        body: { undoes: alert.version },
      })
      desk.alerts.apply([{ alert: answer.alert, told: null }])
      desk.alerts.addToTimeline(alert.id, answer.event)
      undone += 1
    } catch (error) {
      const problem = problemOf(error)
      if (problem.alert !== undefined) desk.alerts.apply([{ alert: problem.alert, told: null }])
      failures.push(refusal('Not taken back', problem, desk.people.nameOf))
    }
  }
  // A few at once: an undo has ten seconds, and the server a limit.
  const queue = [...alerts]
  await Promise.all(
    Array.from({ length: Math.min(8, queue.length) }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await one(next)
    }),
  )
  if (failures.length > 0)
    desk.toasts.show({
      text: failures.length === 1 ? failures[0]! : `${failures.length} were not taken back. ${failures[0]}`,
      tone: 'problem',
    })
  if (undone > 0) desk.toasts.show({ text: undone === 1 ? 'Taken back' : `${undone} taken back` })
}

const actOnOne = async (desk: Desk, alert: AlertView, action: DeskAction, me: string): Promise<boolean> => {
  const guess = optimistic(alert, action, me, desk.clock.nowMs())
  desk.alerts.apply([{ alert: guess, told: null }])
  try {
    const answer = await callOne(desk, alert, action)
    desk.alerts.apply([{ alert: answer.alert, told: null }])
    desk.alerts.addToTimeline(alert.id, answer.event)
    const text = `${done(action, desk.people.nameOf)} · ${alert.title}, ${alert.device}`
    if (action.type === 'note') desk.toasts.show({ text })
    else desk.toasts.show({ text, forMs: undoMs, undo: () => void undoing(desk, [answer.alert]) })
    return true
  } catch (error) {
    const problem = problemOf(error)
    // What the stream brought meanwhile is newer than the alert from before.
    const now = desk.alerts.find(alert.id)
    const back = problem.alert ?? (now === undefined || now.sequence === alert.sequence ? alert : now)
    desk.alerts.apply([{ alert: back, told: null, force: true }])
    desk.toasts.show({
      text: refusal(notDone[action.type], problem, desk.people.nameOf),
      tone: 'problem',
      forMs: 10_000,
      requestId: problem.requestId,
    })
    return false
  }
}

const actOnMany = async (desk: Desk, alerts: readonly AlertView[], action: DeskAction, me: string): Promise<boolean> => {
  if (action.type === 'wake' || action.type === 'note' || action.type === 'contain') return false
  const nowMs = desk.clock.nowMs()
  desk.alerts.apply(alerts.map((alert) => ({ alert: optimistic(alert, action, me, nowMs), told: null })))
  const before = new Map(alerts.map((alert) => [alert.id, alert]))
  try {
    const answer = await desk.client.call('bulkAlerts', { body: { action, alerts: alerts.map(({ id, version }) => ({ id, version })) } })
    desk.alerts.apply([
      ...answer.done.map((alert) => ({ alert, told: null })),
      ...answer.refused.flatMap(({ id, alert }) => {
        const back = alert ?? before.get(id)
        return back === undefined ? [] : [{ alert: back, told: null, force: true }]
      }),
    ])
    if (answer.done.length > 0)
      desk.toasts.show({
        text: `${done(action, desk.people.nameOf)} · ${answer.done.length} alerts`,
        forMs: undoMs,
        undo: () => void undoing(desk, answer.done),
      })
    if (answer.refused.length > 0) {
      const first = answer.refused[0]!
      const who = first.changedBy === null ? first.reason : `${desk.people.nameOf(first.changedBy)} has changed it`
      desk.toasts.show({ text: `${answer.refused.length} left as they are: ${who}`, tone: 'problem', forMs: 10_000 })
    }
    return answer.refused.length === 0
  } catch (error) {
    const problem = problemOf(error)
    desk.alerts.apply(alerts.map((alert) => ({ alert, told: null, force: true })))
    desk.toasts.show({
      text: refusal(notDone[action.type], problem, desk.people.nameOf),
      tone: 'problem',
      forMs: 10_000,
      requestId: problem.requestId,
    })
    return false
  }
}

export type Act = (alerts: readonly AlertView[], action: DeskAction) => Promise<boolean>

/** Acts at once on the screen; what the platform refuses is rolled back and told. */
export const useAct = (): Act => {
  const desk = useDesk()
  const client = useQueryClient()
  const me = useMe()
  return async (alerts, action) => {
    const needs = roleFor(routeOf[action.type], me.role)
    if (needs !== null) {
      desk.toasts.show({ text: `That needs the role ${needs}; yours is ${me.role}.`, tone: 'problem' })
      return false
    }
    if (alerts.length === 0) return false
    const ok =
      alerts.length === 1
        ? await actOnOne(desk, alerts[0]!, action, me.account)
        : await actOnMany(desk, alerts.slice(0, bulkAlertsMax), action, me.account)
    void client.invalidateQueries({ queryKey: ['summary'] })
    return ok
  }
}

/** The role that a route asks for, when this one is not enough. */
export const roleFor = (route: CalledRoute, role: Parameters<typeof mayCall>[0]): string | null =>
  mayCall(role, route) ? null : ((['analyst', 'responder', 'admin'] as const).find((one) => mayCall(one, route)) ?? 'admin')

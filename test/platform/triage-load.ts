import type { AlertView } from '../../contracts/api/alerts.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { Random } from '../../simulators/prng.ts'
import type { DeskAnswer, DeskClient } from './desk-client.ts'

/** One action that somebody sent, under the version of the alert that they saw, until it had an end. */
export interface SentAction {
  readonly actor: string
  readonly alert: string
  readonly version: number
  readonly type: CaseEvent['type']
  /** What is only in this action's event: a note's or a reason's text; null for the types that carry none. */
  readonly mark: string | null
  /** `unknown`: the connection was lost, and the same action sent again under the same version was refused: it may have been done the first time. */
  readonly end: 'done' | 'refused' | 'unknown'
  /** Of the event, when it was answered as done. */
  readonly hash: string | null
}

interface Planned {
  readonly verb: string
  readonly type: CaseEvent['type']
  readonly body: Record<string, unknown> | undefined
  readonly mark: string | null
}

interface Answered {
  readonly alert: AlertView
  readonly event: { readonly hash: string }
}

const plan = (alert: AlertView, mark: string, closes: boolean, owners: readonly string[], random: Random): Planned => {
  const dice = random.integer(0, 99)
  if (alert.state === 'closed') return { verb: 'note', type: 'alert.noted', body: { note: mark }, mark }
  if (dice < 15 && alert.state === 'new') return { verb: 'acknowledge', type: 'alert.acknowledged', body: undefined, mark: null }
  if (dice < 40) {
    const owner = random.pick(owners.filter((one) => one !== alert.owner))
    return { verb: 'assign', type: 'alert.assigned', body: { owner }, mark: null }
  }
  if (dice < 45 && closes) return { verb: 'close', type: 'alert.closed', body: { verdict: 'benign-positive', reason: mark }, mark }
  return { verb: 'note', type: 'alert.noted', body: { note: mark }, mark }
}

const readsOnly = (answer: DeskAnswer | null): boolean =>
  (answer?.body as { type?: string } | null | undefined)?.type === 'urn:wardwatch:problem:not-leading'

/** The platform is away, or says that it could not: neither tells whether it was done. */
const patiently = async <Body>(
  ask: () => Promise<DeskAnswer<Body>>,
  deadlineMs: number,
): Promise<{ answer: DeskAnswer<Body>; lost: boolean }> => {
  for (let lost = false; ;) {
    const answer = await ask().catch(() => null)
    if (answer !== null && answer.status < 500 && answer.status !== 429) return { answer, lost }
    // What was refused before it was looked at was not done.
    if (answer?.status !== 429 && !readsOnly(answer)) lost = true
    if (Date.now() > deadlineMs) throw new Error(`the desk did not answer any more: ${answer?.text ?? 'no connection'}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Works on alerts, one action after the other, until `count` of them are not refused. As a person with a bad network: lost answers are asked again. */
export const workOnAlerts = async (
  person: DeskClient,
  options: {
    readonly alerts: readonly string[]
    /** Of these alerts it may close some. */
    readonly closable: ReadonlySet<string>
    readonly owners: readonly string[]
    readonly count: number
    readonly name: string
    readonly random: Random
    readonly onAction: () => void
  },
): Promise<readonly SentAction[]> => {
  const sent: SentAction[] = []
  const deadlineMs = Date.now() + 60_000
  for (let n = 0, through = 0; through < options.count; n++) {
    const id = options.random.pick(options.alerts)
    const { answer: seen } = await patiently(() => person.ask<{ alert: AlertView }>('GET', `/alerts/${id}`), deadlineMs)
    if (seen.status !== 200) throw new Error(`GET /alerts/${id} answered ${seen.status}: ${seen.text}`)
    const { version } = seen.body.alert
    const { verb, type, body, mark } = plan(
      seen.body.alert,
      `${options.name} ${n}`,
      options.closable.has(id),
      options.owners,
      options.random,
    )
    const { answer, lost } = await patiently(
      () => person.ask<Answered>('POST', `/alerts/${id}/${verb}`, { ...(body === undefined ? {} : { body }), version }),
      deadlineMs,
    )
    if (answer.status !== 200 && answer.status !== 409) throw new Error(`${verb} was answered with ${answer.status}: ${answer.text}`)
    const end = answer.status === 200 ? 'done' : lost ? 'unknown' : 'refused'
    sent.push({ actor: person.account, alert: id, version, type, mark, end, hash: end === 'done' ? answer.body.event.hash : null })
    if (end === 'refused') continue
    through++
    options.onAction()
  }
  return sent
}

const markOf = (event: CaseEvent): string | null =>
  event.type === 'alert.noted' ? event.note : event.type === 'alert.closed' ? event.reason : null

export interface Comparison {
  /** Actions that were answered as done and do not stand in the chain exactly once. */
  readonly lost: readonly SentAction[]
  /** People's events in the chain that nobody sent, that were refused, or that are there twice. */
  readonly strange: readonly string[]
  readonly doneAfterAll: number
}

/**
 * Compares what was sent with what stands in the chain. An action goes through only under the version that its actor saw, so (alert, version) is
 * one event in the chain at the most, and tells which action it was.
 */
export const compareWithChain = (sent: readonly SentAction[], chain: readonly CaseEvent[]): Comparison => {
  const versions = new Map<string, number>()
  const open = new Map(sent.map((action) => [`${action.actor} ${action.alert} ${action.version} ${action.type} ${action.mark}`, action]))
  const found = new Map<SentAction, number>()
  const strange: string[] = []
  for (const event of chain) {
    if (!('alert' in event) || event.type === 'alert.breached') continue
    const before = versions.get(event.alert)
    // One more finding, no worse than the others, does not move it.
    if (event.type === 'finding.folded' && !event.opened) continue
    versions.set(event.alert, event.sequence)
    if (event.actor === 'wardwatch') continue
    const action = open.get(`${event.actor} ${event.alert} ${before} ${event.type} ${markOf(event)}`)
    if (action === undefined || action.end === 'refused' || (action.hash !== null && action.hash !== event.hash))
      strange.push(`${event.sequence} ${event.type} by ${event.actor} (${action?.end ?? 'never sent'})`)
    else found.set(action, (found.get(action) ?? 0) + 1)
  }
  for (const [action, times] of found) if (times > 1) strange.push(`${times} times: ${JSON.stringify(action)}`)
  return {
    lost: sent.filter((action) => action.end === 'done' && found.get(action) !== 1),
    strange,
    doneAfterAll: [...found.keys()].filter(({ end }) => end === 'unknown').length,
  }
}

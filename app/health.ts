import { aheadMsMax } from '../contracts/received-at.ts'
import { numberIn } from './role-figures.ts'
import { does } from './role-status.ts'
import type { RoleStatus } from './supervisor.ts'

export interface Health {
  readonly ok: boolean
  /** One plain sentence for each thing that is wrong. */
  readonly problems: readonly string[]
}

const statsAgeMsMax = 5_000
/** History may be this far behind before the platform calls itself not ready, records. */
const lagRecordsMax = 1_000_000

const reasonCharsMax = 200
/** With what the role says itself, or the brokers and the way to them. */
const because = (reason: unknown): string => (typeof reason === 'string' ? `: ${reason.split('\n')[0]!.slice(0, reasonCharsMax)}` : '')

/** Alive: every role runs and has spoken lately. */
export const liveness = (roles: readonly RoleStatus[], nowMs: number): Health => {
  const problems = roles.flatMap((role) => {
    if (role.state !== 'running') return [`${role.name} is ${role.state}${because(role.problem)}`]
    if (role.statsAtMs !== null && nowMs - role.statsAtMs > statsAgeMsMax)
      return [`${role.name} has said nothing for ${Math.round((nowMs - role.statsAtMs) / 1_000)} s`]
    return []
  })
  return { ok: problems.length === 0, problems }
}

/** Of a desk that led when Kafka was heard last: it may be cut off from it, and another one leading. */
export const unheard = ({ name, stats }: RoleStatus): string | null => {
  const ms = numberIn(stats?.['leadership'] as object | undefined, 'unheardMs')
  return ms > 0
    ? `${name} has not heard from Kafka for ${Math.round(ms / 1_000)} s: what it shows may be old, and another desk may lead`
    : null
}

/** Whether the desk of this machine is the one that leads: what a load balancer asks that sends people to it. */
export const leading = (roles: readonly RoleStatus[], nowMs: number): Health => {
  const desks = roles.filter(({ kind }) => does(kind, 'desk'))
  const problems = liveness(desks, nowMs).problems.slice()
  if (desks.length === 0) problems.push('no desk runs here')
  for (const desk of desks)
    if (numberIn(desk.stats?.['leadership'] as object | undefined, 'leads') !== 1)
      problems.push(unheard(desk) ?? `${desk.name} does not lead: it only reads`)
  return { ok: problems.length === 0, problems }
}

/** So long a broker may take to follow another; less is no news. */
const awayMsMin = 5_000

const logFigure = ({ stats }: RoleStatus, name: string): number => numberIn(stats?.['log'] as object | undefined, name)
const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`

/** Whether a role can't read its log. */
export const unreadable = (role: RoleStatus): boolean => logFigure(role, 'readAwayMs') >= awayMsMin

/** What a role has seen of a Kafka that is away, and why. */
export const cutOff = (name: string, readAwayMs: number, brokerAwayMs: number, trouble: unknown): string | null => {
  if (readAwayMs >= awayMsMin) return `${name} can not read the log (Kafka has given nothing for ${seconds(readAwayMs)}${because(trouble)})`
  if (brokerAwayMs < awayMsMin) return null
  return `${name} can not write the log (Kafka has taken nothing for ${seconds(brokerAwayMs)}${because(trouble)})`
}

/** Of a role whose machine's clock and Kafka's differ. */
export const wrongClock = (name: string, aheadMs: number, behindMs: number): string | null => {
  if (Math.max(aheadMs, behindMs) <= aheadMsMax) return null
  return `${name}: its clock is ${seconds(Math.max(aheadMs, behindMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} Kafka's`
}

/** On Kafka: since when it has been the log's fault. */
const kafkaAway = (role: RoleStatus): string | null => {
  const awayMs = logFigure(role, 'brokerAwayMs')
  return awayMs > 0 ? `Kafka has taken nothing for ${seconds(awayMs)}${because(role.stats?.['logTrouble'])}` : null
}

/** Ready: alive, the log takes records and gives them, and the detectors and the sink keep up. */
export const readiness = (roles: readonly RoleStatus[], nowMs: number): Health => {
  const problems = [...liveness(roles, nowMs).problems]
  for (const role of roles) {
    if (role.state === 'running' && role.statsAtMs === null) problems.push(`${role.name} has not reported yet`)
    const reason = role.stats?.['logUnavailable']
    if (typeof reason === 'string')
      problems.push(`${role.name} can not write the log (${kafkaAway(role) ?? reason}): no message is acknowledged`)
    const ended = role.stats?.['certificateEnded']
    if (typeof ended === 'string') problems.push(`${role.name} can not be spoken to: ${ended}`)
    const revoked = role.stats?.['registryUnheard']
    if (typeof revoked === 'string') problems.push(`${role.name} does not hear who is enrolled and revoked (${revoked})`)
    // An edge that takes what devices say is one to send devices to.
    const cut =
      role.kind === 'edge' || typeof reason === 'string'
        ? null
        : cutOff(role.name, logFigure(role, 'readAwayMs'), logFigure(role, 'brokerAwayMs'), role.stats?.['logTrouble'])
    if (cut !== null) problems.push(cut)
    const lag = Object.values((role.stats?.['lagByPartition'] ?? {}) as Record<string, number>).reduce((sum, records) => sum + records, 0)
    if (lag > lagRecordsMax) problems.push(`${role.name} is ${lag} records behind`)
  }
  return { ok: problems.length === 0, problems }
}

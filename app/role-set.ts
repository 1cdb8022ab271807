import { hostname } from 'node:os'
import type { Config } from './config.ts'

/** What a machine can be told to run. `bridge`: the other brokers of `bridges`. */
export const roleNames = ['edge', 'detect', 'sink', 'desk', 'bridge'] as const
export type RoleName = (typeof roleNames)[number]

/** What the machines of a deployment share. Embedded, nothing: the log and the ClickHouse engine belong to the processes of one machine. */
export interface Shared {
  readonly log: boolean
  readonly store: boolean
}

/** Kafka and a ClickHouse server make these true, here and nowhere else. */
export const sharedOf = ({ log, store }: Pick<Config, 'log' | 'store'>): Shared => ({
  log: log.kind === 'kafka',
  store: store.kind === 'server',
})

/** Why a set of roles can't work; null when it can. */
export const roleSetProblem = ({ roles, data, mqtt }: Pick<Config, 'roles' | 'data' | 'mqtt'>, shared: Shared): string | null => {
  const missing = (['edge', 'detect', 'sink', 'desk'] as const).filter((name) => !roles.includes(name))
  if (!shared.log && missing.length > 0)
    return `roles ${roles.join(', ')}: without ${missing.join(', ')} nothing works on the embedded log: ${data} has one owner, so no other process could run the rest; run all of them here, or share a log`
  if (!shared.store && roles.includes('sink') !== roles.includes('desk'))
    return `roles ${roles.join(', ')}: sink and desk go together, for the ClickHouse engine is in their process; run both here, or share a ClickHouse server`
  if (roles.includes('edge') && !roles.includes('desk') && mqtt.certificateFile === undefined)
    return `roles ${roles.join(', ')}: an edge without the desk, which has the CA, needs its certificate from files: mqtt.certificateFile, mqtt.keyFile and mqtt.caFile`
  return null
}

/** What tells this machine's roles from those of others on the same log, in their names and consumer groups; empty where there are no others. */
export const nodeOf = (config: Config, shared: Shared): string => config.node ?? (shared.log ? hostname() : '')

/** The name by which this machine tells the others of itself; null where there are no others. */
export const machineOf = (config: Config, shared: Shared): string | null => (shared.log ? nodeOf(config, shared) : null)

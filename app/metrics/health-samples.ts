import { liveness, readiness } from '../health.ts'
import type { RoleStatus } from '../role-status.ts'
import { gauge, type Sample } from './metric.ts'

const alive = gauge('alive', 'What /healthz says: 1 when every role runs and has spoken lately.')
const ready = gauge('ready', 'What /readyz says: 1 when the log can be written and read and nothing is far behind.')

export const healthSamples = (roles: readonly RoleStatus[], nowMs: number): Sample[] => [
  { spec: alive, labels: {}, value: liveness(roles, nowMs).ok ? 1 : 0 },
  { spec: ready, labels: {}, value: readiness(roles, nowMs).ok ? 1 : 0 },
]

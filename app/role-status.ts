import type { roleKinds } from '../contracts/machine-figures.ts'

export type RoleKind = (typeof roleKinds)[number]

/** Whether a process of a kind does what a role does. */
export const does = (kind: RoleKind, role: RoleKind): boolean => kind === role || (kind === 'hub' && (role === 'sink' || role === 'desk'))

/** Statistics of a part: numbers, histograms and records of numbers, as plain JSON. */
export type Stats = { readonly [name: string]: unknown }

/** What is known of a role from outside. */
export interface RoleStatus {
  readonly name: string
  readonly kind: RoleKind
  readonly state: 'starting' | 'running' | 'restarting' | 'stopped'
  readonly pid: number | null
  readonly restarts: number
  /** Why it does not run, in its own words; null while it does, and of one that could not say it. */
  readonly problem?: string | null
  readonly info: Stats
  readonly stats: Stats | null
  /** When the newest statistics came, ms. */
  readonly statsAtMs: number | null
}

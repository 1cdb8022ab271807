/** The kinds of roles, each a process. */
export type RoleKind = 'edge' | 'detect' | 'hub' | 'bridge'

/** Statistics of a part: numbers, histograms and records of numbers, as plain JSON. */
export type Stats = { readonly [name: string]: unknown }

/** What is known of a role from outside. */
export interface RoleStatus {
  readonly name: string
  readonly kind: RoleKind
  readonly state: 'starting' | 'running' | 'restarting' | 'stopped'
  readonly pid: number | null
  readonly restarts: number
  readonly info: Stats
  readonly stats: Stats | null
  /** When the newest statistics came, ms. */
  readonly statsAtMs: number | null
}

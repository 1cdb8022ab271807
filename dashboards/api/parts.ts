import type { Pipeline } from '../../contracts/api/pipeline.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { PagingDesk } from '../../contracts/paging-desk.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import type { Directory } from '../../registry/fold.ts'
import type { Accounts } from '../accounts/open-accounts.ts'
import type { ApiLimits } from './limits.ts'

/** Whether this desk may change anything. Of several desks on one log one leads, the others only read. */
export interface DeskStanding {
  leads(): boolean
  /** Where the console of the one that leads is; null when it is this one, or nobody knows. */
  leader(): string | null
}

/** Where there is no other. */
export const soleDesk: DeskStanding = { leads: () => true, leader: () => null }

/** What the API stands on. It reads no setting, no environment and no clock of its own. */
export interface ApiParts {
  readonly desk: TriageDesk
  readonly history: DeskHistory
  readonly paging: PagingDesk
  readonly directory: Directory
  readonly accounts: Accounts
  readonly standing: DeskStanding
  /** The data's way as it is now. */
  readonly pipeline: () => Pipeline
  /** A detector's own page as text. */
  readonly runbook: (detector: string) => string | null
  readonly clock: Clock
  readonly logger: Logger
  /** A short id that nobody has: of requests and bulk actions. */
  readonly newId: () => string
  /** The platform's name, for the top bar. */
  readonly site: string
  /** Where the built console lies. */
  readonly consoleDirectory: string
  /** Host names that the desk may be called by, besides loopback's. */
  readonly names: readonly string[]
  /** Where browsers see the desk behind a proxy that ends TLS (`https://...`), links by the first; empty: nobody stands in between. */
  readonly publicOrigins: readonly string[]
  /** PEM; null: plain HTTP, which is for loopback only. */
  readonly tls: { readonly keyPem: string; readonly certificatePem: string } | null
  readonly limits?: Partial<ApiLimits>
}

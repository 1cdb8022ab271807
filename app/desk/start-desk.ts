import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { Accounts } from '../../dashboards/accounts/open-accounts.ts'
import { createApi } from '../../dashboards/api/create-api.ts'
import type { DeskStanding } from '../../dashboards/api/parts.ts'
import type { SignedLink } from '../../dashboards/api/sign-in-url.ts'
import type { Directory } from '../../registry/fold.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import type { DeskParts } from '../roles/desk-parts.ts'
import { RoleRefused } from '../roles/channel.ts'
import type { DeskOptions } from '../roles/options.ts'
import type { RoleStatus } from '../role-status.ts'
import { deskAuthority, deskNames } from './loopback.ts'
import { type OtherMachines, createPipelineFigures } from './pipeline-figures.ts'
import { loadRunbooks } from './runbooks.ts'

/** A link that the first start or the command line prints, ms. */
const firstLinkMs = 3_600_000
const platformActor = 'wardwatch'

export interface Desk {
  readonly port: number
  /** Where people find the console, e.g. `http://127.0.0.1:8480`. */
  readonly url: string
  readonly accounts: Accounts
  /** A new link for an account, for whoever owns this machine. */
  link(account: string): Promise<{ readonly ok: true; readonly link: SignedLink } | { readonly ok: false; readonly detail: string }>
  /** The link to begin with, while nobody has signed in yet: makes the account `admin` if there is none. Null afterwards, and at a desk that only reads. */
  firstLink(): Promise<SignedLink | null>
  onRoles(roles: readonly RoleStatus[]): void
  stats(): Readonly<Record<string, number>>
  close(): Promise<void>
}

/** The console's server with what it stands on. */
export const startDesk = async (options: {
  readonly logger: Logger
  readonly desk: TriageDesk
  /** Closed with the desk. */
  readonly accounts: Accounts
  readonly directory: Directory
  readonly parts: Pick<DeskParts, 'history' | 'paging'>
  readonly standing: DeskStanding
  /** Null where this machine is all there is. */
  readonly machines: OtherMachines | null
  readonly site: string
  readonly settings: DeskOptions
}): Promise<Desk> => {
  const { logger, desk, accounts, directory, parts, standing, machines, site, settings } = options
  const { host, names, publicOrigins, tls } = settings
  const figures = createPipelineFigures(systemClock.now, () => parts.history.behindMs(), standing, machines)
  const api = await createApi({
    desk,
    history: parts.history,
    paging: parts.paging,
    directory,
    accounts,
    standing,
    pipeline: figures.read,
    runbook: loadRunbooks(),
    clock: systemClock,
    logger,
    newId: () => randomBytes(9).toString('base64url'),
    site,
    consoleDirectory: fileURLToPath(new URL('../../dashboards/console/dist', import.meta.url)),
    names: deskNames(host, names),
    publicOrigins,
    tls,
  })
  let port: number
  try {
    port = await api.listen({ host, port: settings.port })
  } catch (error) {
    await accounts.close()
    await api.close()
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const why = taken
      ? 'it is taken; name another with --desk-port, or 0 for a free one'
      : error instanceof Error
        ? error.message
        : String(error)
    throw new RoleRefused(`desk.port ${settings.port} on ${host}: ${why}`)
  }
  const authority = deskAuthority(host, names, port)
  let first: SignedLink | null = null
  const link: Desk['link'] = async (account) => {
    first = null
    const made = await accounts.people.link(platformActor, account, firstLinkMs)
    return made.ok ? { ok: true, link: api.signInLink(made.link, authority) } : { ok: false, detail: made.detail }
  }

  return {
    port,
    url: publicOrigins[0] ?? `${tls === null ? 'http' : 'https'}://${authority}`,
    accounts,
    link,
    async firstLink() {
      if (!standing.leads()) return null
      const known = accounts.people.list()
      if (known.some(({ lastSignInAt }) => lastSignInAt !== null)) return (first = null)
      if (first !== null && first.expiresAt > systemClock.now()) return first
      if (known.length === 0) {
        const made = await accounts.people.create(
          platformActor,
          { account: 'admin', displayName: 'Administrator', role: 'admin' },
          firstLinkMs,
        )
        return (first = made.ok ? api.signInLink(made.link, authority) : null)
      }
      const admin = known.find(({ role, disabled }) => role === 'admin' && !disabled)
      const made = admin === undefined ? null : await link(admin.account)
      return (first = made?.ok === true ? made.link : null)
    },
    onRoles: figures.told,
    stats: () => ({ ...api.stats(), ...accounts.stats() }),
    async close() {
      await api.close()
      await accounts.close()
    },
  }
}

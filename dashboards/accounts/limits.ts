/** Bounds of what accounts may take up. */
export const accountLimits = {
  accountsMax: 1_000,
  /** Above it the one that was used longest ago ends. */
  sessionsPerAccountMax: 250,
  tokensPerAccountMax: 50,
  browsersPerAccountMax: 10,
  /** The log learns of use at most this often. */
  seenEveryMs: 3_600_000,
  /** A session that came by a link may set a password without the old one for this long, ms. */
  linkSetsPasswordMs: 3_600_000,
} as const

/** How long things live; settings of the desk. */
export interface AccountTimes {
  readonly sessionMs: number
  readonly idleMs: number
  readonly linkMs: number
}

export const defaultAccountTimes: AccountTimes = { sessionMs: 24 * 3_600_000, idleMs: 8 * 3_600_000, linkMs: 24 * 3_600_000 }

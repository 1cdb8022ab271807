import type { NotifierSettings, PageKind } from '../../contracts/api/paging.ts'
import type { Severity } from '../../contracts/finding.ts'

/** What a page says. Every text in it is clean (`plain-text.ts`): no control characters, no hidden ones, bounded; still hostile as markup. */
export interface PageMessage {
  /** The same for every attempt: the receiver tells a repeat by it. */
  readonly id: string
  readonly kind: PageKind | 'test'
  /** When this attempt was made, ms. */
  readonly at: number
  /** Why this channel is told; `step` counts from 0. */
  readonly rule: { readonly title: string; readonly step: number; readonly steps: number } | null
  /** How many alerts it tells of, when they are too many for one by one: `alert` is the worst of them. */
  readonly storm: {
    readonly alerts: number
    readonly critical: number
    readonly high: number
    readonly medium: number
    readonly low: number
  } | null
  readonly alert: {
    readonly id: string
    readonly detector: string
    readonly title: string
    readonly device: string
    readonly site: string | null
    readonly severity: Severity
    readonly score: number
    readonly count: number
    readonly firstSeen: number
    readonly lastSeen: number
    readonly openedAt: number
    readonly why: string
    readonly evidence: readonly { readonly feature: string; readonly observed: string; readonly expected: string; readonly unit: string }[]
    readonly attack: readonly string[]
    /** Who acknowledged or closed it. */
    readonly by: string | null
  }
  /** Where the console shows the alert, or all that wait. */
  readonly link: string | null
}

/** What became of an attempt. A `problem` is our own sentence: never the receiver's words, an address with a secret in it, or a secret. */
export type Sent =
  /** The receiver has taken it. `warning`: it has, but not all is well. */
  | { readonly outcome: 'sent'; readonly warning: string | null }
  /** Try again; not before `afterMs` when the receiver said so. */
  | { readonly outcome: 'retry'; readonly problem: string; readonly afterMs: number | null }
  /** Trying again would not help. */
  | { readonly outcome: 'refused'; readonly problem: string }

export type SettingsOf<Kind extends NotifierSettings['kind']> = Extract<NotifierSettings, { readonly kind: Kind }>

/** One way to reach people. Never throws for what the network or the receiver does; stops when `signal` is aborted. */
export interface Notifier<Kind extends NotifierSettings['kind']> {
  /** It keeps an alert's state itself and wants to hear of acknowledged and closed. */
  readonly keepsState: boolean
  send(message: PageMessage, settings: SettingsOf<Kind>, signal: AbortSignal): Promise<Sent>
}

export type Notifiers = { readonly [Kind in NotifierSettings['kind']]: Notifier<Kind> }

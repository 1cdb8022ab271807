import type { TriageDesk } from '../../contracts/triage-desk.ts'

/** What paging needs of triage. */
export type PagedDesk = Pick<TriageDesk, 'sequence' | 'alert' | 'list' | 'act' | 'raise' | 'suppressions' | 'eventsSince' | 'onEvent'>

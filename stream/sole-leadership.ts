import type { EventLog } from '../contracts/event-log.ts'
import type { Leadership } from '../contracts/leadership.ts'

/** Where the log has one owner, its desk leads: there is nobody to ask. */
export const createSoleLeadership = (log: EventLog): Leadership => {
  const failed = Promise.withResolvers<void>()
  return {
    log,
    leads: true,
    leader: () => null,
    campaign: async () => {},
    sure: async () => {},
    failed: failed.promise,
    stats: () => ({ leads: 1 }),
    async close() {
      failed.resolve()
    },
  }
}

import { openMemoryLog } from './memory-log.ts'
import { describeLeadership } from './leadership-conformance.ts'
import { createSoleLeadership } from './sole-leadership.ts'

describeLeadership('the one desk of a log', async () => {
  const log = openMemoryLog()
  const leadership = createSoleLeadership(log)
  return {
    log,
    leadership,
    async cleanup() {
      await leadership.close()
      await log.close()
    },
  }
})

import { describeEventLog } from './conformance.ts'
import { type LogMemory, openMemoryLog } from './memory-log.ts'

describeEventLog('the in-memory log', async () => {
  const memory: LogMemory = new Map()
  let log = openMemoryLog(memory)
  return {
    log,
    async reopen() {
      await log.close()
      log = openMemoryLog(memory)
      return log
    },
    cleanup: () => log.close(),
    dropBelow: async (topic, partition, offset) => log.dropBelow(topic, partition, offset),
  }
})

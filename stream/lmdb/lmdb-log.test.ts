import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logTopics } from '../../contracts/log-topics.ts'
import { describeEventLog } from '../conformance.ts'
import { createSealer } from '../seal.ts'
import { openEnvironment } from './environment.ts'
import { openLmdbLog } from './open-lmdb-log.ts'
import { dropExpired } from './retention.ts'

describeEventLog('the lmdb log', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-lmdb-'))
  const sealer = createSealer(Buffer.alloc(32, 1), 'log')
  // Each append gets a later time, so that the retention can be asked for any of them.
  let nowMs = 0
  const open = () => openLmdbLog({ directory, sealer, clock: { now: () => nowMs++ } })
  let log = await open()
  return {
    log,
    async reopen() {
      await log.close()
      log = await open()
      return log
    },
    async cleanup() {
      await log.close()
      rmSync(directory, { recursive: true, force: true })
    },
    async dropBelow(topic, _partition, offset) {
      const environment = openEnvironment(join(directory, topic))
      // One append is one blob here, and blob n was written at time n.
      await dropExpired(
        { environment, partitions: logTopics[topic].partitions, committing: (commit) => commit() },
        { retentionMs: 0, retentionBytes: Infinity },
        offset,
        () => true,
      )
      await environment.close()
    },
  }
})

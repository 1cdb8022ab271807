import { randomBytes } from 'node:crypto'
import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { startBridge } from '../../ingest/mqtt-bridge.ts'
import { type RunningRole, serveRole } from './channel.ts'
import { openLog } from './open-log.ts'
import type { BridgeOptions } from './options.ts'

/** The bridge role: reads another broker into the log. */
const start = async (options: BridgeOptions, logger: Logger, name: string): Promise<RunningRole> => {
  const log = await openLog(options.log, logger)
  const bridge = await startBridge({
    name,
    url: options.url,
    subscription: options.subscription,
    topicPattern: options.topicPattern,
    model: options.model,
    username: options.username,
    password: options.password,
    tls: { caPem: options.caPem, certificatePem: options.certificatePem, privateKeyPem: options.privateKeyPem },
    log,
    clock: systemClock,
    logger,
    newId: () => randomBytes(9).toString('base64url'),
  })
  return {
    info: {},
    log,
    stats: () => ({ ...bridge.stats(), log: log.stats() }),
    failed: bridge.failed,
    async close() {
      await bridge.close()
      await log.close()
    },
  }
}

serveRole(start)

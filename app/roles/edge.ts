import { randomBytes } from 'node:crypto'
import { parseAddressList } from '../../broker/address-list.ts'
import { edgeLimits } from '../../broker/limits.ts'
import { startEdge } from '../../broker/edge.ts'
import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { Session } from '../../contracts/observation.ts'
import { createDirectory } from '../../registry/fold.ts'
import { followRegistry } from '../../registry/follow.ts'
import { verifyPassword } from '../../registry/passwords.ts'
import { RoleRefused, type RunningRole, serveRole } from './channel.ts'
import { followCommands } from './follow-commands.ts'
import { followConnects } from './follow-connects.ts'
import { openLog } from './open-log.ts'
import type { EdgeOptions } from './options.ts'

/** The edge role: devices connect here; it knows the registry by following it, and delivers commands. */
const start = async (options: EdgeOptions, logger: Logger, name: string): Promise<RunningRole> => {
  const limits = edgeLimits.safeParse(options.limits)
  if (!limits.success)
    throw new RoleRefused(`limits: ${limits.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`)
  const proxies = parseAddressList(options.proxyFrom)
  if (!proxies.ok) throw new RoleRefused(`mqtt.proxyFrom: ${proxies.problem}`)
  const log = await openLog(options.log, logger)
  const directory = createDirectory()
  const registry = await followRegistry({ log, directory, group: `registry-${name}`, logger })
  // A device must not be refused because the registry is still being read.
  await registry.caughtUp
  let deviceReady = (_device: string): void => {}
  let heard = (_connect: Session): void => {}
  const connects = options.announces
    ? await followConnects({ log, logger, group: `connects-${name}`, heard: (connect) => heard(connect) })
    : null
  const edge = await startEdge({
    log,
    directory,
    tls: { keyPem: options.serverKeyPem, certificatePem: options.serverCertificatePem, caPem: options.caPem },
    host: options.host,
    port: options.port,
    reusePort: options.reusePort,
    ...(options.proxyFrom.length === 0 ? {} : { proxyFrom: proxies.list }),
    limits: limits.data,
    clock: systemClock,
    logger,
    newId: () => randomBytes(9).toString('base64url'),
    edge: name,
    writesClock: options.writesClock,
    announces: options.announces,
    onCommandsWanted: (device) => deviceReady(device),
    verifyPassword: (hash, password) => verifyPassword(hash, password.toString('utf8')),
  })
  heard = edge.heardConnect
  const commands = await followCommands({ log, edge, clock: systemClock, logger, group: `commands-${name}` })
  deviceReady = commands.deviceReady
  return {
    info: { port: edge.port },
    stats() {
      const { refusals, observations, ...rest } = edge.stats()
      return {
        ...rest,
        logWritable: rest.logUnavailable === null,
        refusalsByReason: refusals,
        observationsByEvent: observations,
        log: log.stats(),
        commands: commands.stats(),
      }
    },
    failed: Promise.all([registry.failed, commands.failed, connects?.failed]).then(() => {}),
    async close() {
      await commands.close()
      await connects?.close()
      await edge.close()
      await registry.close()
      await log.close()
    },
  }
}

serveRole(start)

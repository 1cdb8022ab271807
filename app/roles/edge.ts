import { randomBytes } from 'node:crypto'
import { parseAddressList } from '../../broker/address-list.ts'
import { edgeLimits } from '../../broker/limits.ts'
import { type Edge, startEdge } from '../../broker/edge.ts'
import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createDirectory } from '../../registry/fold.ts'
import { followRegistry } from '../../registry/follow.ts'
import { verifyPassword } from '../../registry/passwords.ts'
import { createCertificateWatch } from './certificate-watch.ts'
import { RoleRefused, type RunningRole, serveRole } from './channel.ts'
import { followCommands } from './follow-commands.ts'
import { followConnects } from './follow-connects.ts'
import { openLog } from './open-log.ts'
import type { EdgeOptions } from './options.ts'
import { createPatientLog } from './patient-log.ts'

const followed = ['registry.v1', 'commands.v1', 'connects.v1'] as const

const unheardOf = (unheard: ReadonlyMap<string, string>) => {
  const [first] = unheard
  return {
    unheardByTopic: Object.fromEntries(followed.map((topic) => [topic, unheard.has(topic) ? 1 : 0])),
    registryUnheard: unheard.get('registry.v1') ?? null,
    unheard: first === undefined ? null : `it hears nothing of ${[...unheard.keys()].join(', ')}: ${first[1]}`,
  }
}

/** The edge role: devices connect here; it knows the registry by following it, and delivers commands. */
const start = async (options: EdgeOptions, logger: Logger, name: string): Promise<RunningRole> => {
  const limits = edgeLimits.safeParse(options.limits)
  if (!limits.success)
    throw new RoleRefused(`limits: ${limits.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`)
  const proxies = parseAddressList(options.proxyFrom)
  if (!proxies.ok) throw new RoleRefused(`mqtt.proxyFrom: ${proxies.problem}`)
  const log = await openLog(options.log, logger)
  const directory = createDirectory()
  // Everyone reads all of these, so each run of each edge is a group of its own: nobody waits for a member that was killed to be forgotten.
  const run = randomBytes(6).toString('hex')
  let edge: Edge | null = null
  const patient = createPatientLog({ log, startsWithout: ['commands.v1', 'connects.v1'], logger })
  const [registry, commands, connects] = await Promise.all([
    followRegistry({ log: patient.log, directory, group: `registry-${name}-${run}`, logger }),
    followCommands({
      log: patient.log,
      edge: { deliver: (command) => edge?.deliver(command) ?? Promise.resolve('offline') },
      clock: systemClock,
      logger,
      group: `commands-${name}-${run}`,
    }),
    options.announces
      ? followConnects({ log: patient.log, logger, group: `connects-${name}-${run}`, heard: (connect) => edge?.heardConnect(connect) })
      : null,
  ])
  // A device must not be refused because the registry is still being read.
  await registry.caughtUp
  const started = await startEdge({
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
    registryReached: registry.reached,
    onCommandsWanted: commands.deviceReady,
    verifyPassword: (hash, password) => verifyPassword(hash, password.toString('utf8')),
  })
  edge = started
  const certificateEnded = createCertificateWatch(
    { certificatePem: options.serverCertificatePem, caPem: options.caPem },
    systemClock,
    logger,
  )
  return {
    info: { port: started.port },
    log,
    stats() {
      const { refusals, observations, ...rest } = started.stats()
      return {
        ...rest,
        certificateEnded: certificateEnded(),
        ...unheardOf(patient.unheard()),
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
      await started.close()
      await registry.close()
      await log.close()
    },
  }
}

serveRole(start)

import { LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import { createKafkaClient } from '../../stream/kafka/kafka-client.ts'
import { failureOf } from '../../stream/kafka/kafka-failure.ts'
import { type KafkaLog, openKafkaLog } from '../../stream/kafka/open-kafka-log.ts'
import { checkTopics, createTopics, tellDifference } from '../../stream/kafka/topic-admin.ts'
import { planDeployment } from '../../stream/kafka/topic-plan.ts'
import { kafkaContactProblem, kafkaReason } from '../kafka-contact-problem.ts'
import { RoleRefused } from './channel.ts'
import type { KafkaLogOptions } from './options.ts'

/**
 * Opens the log on Kafka once its topics were looked at: what differs from the plan is told, what the log can't be used with is
 * refused, nothing is altered. Throws `RoleRefused`, or `LogUnavailable` while nobody answers.
 */
export const openPlannedKafkaLog = async (options: KafkaLogOptions, sealer: Sealer, logger: Logger): Promise<KafkaLog> => {
  const { settings, plan } = options
  const admin = createKafkaClient(settings, logger).openAdmin()
  try {
    const planned = planDeployment(plan)
    const { missing, differences, configHidden } = await checkTopics(admin, planned)
    for (const difference of differences) logger.warn({ topic: difference.name }, `Kafka is not as planned: ${tellDifference(difference)}`)
    if (configHidden)
      logger.info(
        {},
        'how the topics are configured was not compared: this user has no right to read it (`wardwatch kafka topics` compares)',
      )
    const fatal = differences.filter((difference) => difference.fatal)
    if (fatal.length > 0) throw new RoleRefused(`log.kafka: ${fatal.map(tellDifference).join('; ')}`)
    if (options.createTopics) await createTopics(admin, missing)
    // A role sees the topics that it has a right to, so what it does not see may well be there.
    else if (missing.length === planned.length)
      throw new RoleRefused(
        'log.kafka: none of the topics is there, or this user has a right to none: see `wardwatch kafka topics` and `wardwatch kafka acls`',
      )
    else if (missing.length > 0)
      logger.debug({ topics: missing.map(({ name }) => name) }, 'topics that are not there, or not for this user')
  } catch (error) {
    if (error instanceof RoleRefused) throw error
    const failure = failureOf(error)
    const problem = `log.kafka: ${kafkaContactProblem(settings, failure.message)}`
    if (failure.kind === 'away') throw new LogUnavailable('broker-away', problem, { cause: error })
    throw new RoleRefused(problem)
  } finally {
    await admin.close().catch(() => {})
  }
  return openKafkaLog({
    settings,
    sealer,
    logger,
    topicPrefix: plan.topicPrefix,
    sessionMs: options.sessionMs,
    lingerMsMax: options.lingerMs,
    giveUpMs: options.giveUpMs,
    explain: (reason) => kafkaReason(settings, reason),
  })
}

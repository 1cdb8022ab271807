import { silentLogger } from '../../contracts/logger.ts'
import { aclScript } from '../../stream/kafka/acl-script.ts'
import { createKafkaClient } from '../../stream/kafka/kafka-client.ts'
import { failureOf } from '../../stream/kafka/kafka-failure.ts'
import type { AllowRule } from '../../stream/kafka/kafka-ports.ts'
import { type KafkaRole, kafkaRoles, rulesOf, topicsRules } from '../../stream/kafka/role-rights.ts'
import { checkTopics, createTopics, tellDifference } from '../../stream/kafka/topic-admin.ts'
import { planDeployment } from '../../stream/kafka/topic-plan.ts'
import type { Config } from '../config.ts'
import { readKafkaLog, topicPlanOf } from '../kafka-log-settings.ts'
import { logKeysOf } from '../open-configured-log.ts'
import { kafkaContactProblem } from '../kafka-contact-problem.ts'
import { BadCall, type Command } from './command.ts'
import { configOf, settingsFlags } from './settings-flags.ts'

const users = [...kafkaRoles, 'topics'] as const
type User = (typeof users)[number]

const usersOf = (pairs: readonly string[]): Readonly<Record<User, string>> => {
  const names = Object.fromEntries(users.map((role) => [role, `wardwatch-${role}`])) as Record<User, string>
  for (const pair of pairs) {
    // A user who is known by a certificate is called by its subject: CN=edge-a,O=Hospital.
    const [, role = '', name = ''] = /^([^=]*)=(.*)$/su.exec(pair) ?? []
    // `*` would be everybody.
    if (!users.includes(role as User) || !/^[\p{L}\p{N} ._@=,+:/()#-]{1,255}$/u.test(name))
      throw new BadCall(`--user ${pair}: ROLE=NAME is allowed, ROLE one of ${users.join(', ')}, NAME without quotes and *`)
    names[role as User] = name
  }
  return names
}

export const kafkaAclsCommand: Command = {
  name: 'kafka acls',
  summary: "prints a script of kafka-acls.sh that gives each role's Kafka user what it needs and nothing more",
  usage: '[--user ROLE=NAME ..] [--apply]',
  example: 'npx wardwatch kafka acls --user edge=ward-edge > acls.sh',
  flags: {
    ...settingsFlags,
    user: { value: 'ROLE=NAME', help: `the Kafka user of a role (${users.join(', ')}); default wardwatch-ROLE`, many: true },
    apply: {
      help: 'gives the rights itself, as the administrator that log.kafka.username or log.kafka.certificateFile names; takes none away',
    },
  },
  async run(call) {
    const { log } = configOf(call)
    const prefix = log.kafka.topicPrefix
    const planned = planDeployment(topicPlanOf(log)).map(({ name }) => name)
    const names = usersOf(call.many['user'] ?? [])
    const roles = kafkaRoles.map((role: KafkaRole) => ({ title: role, rules: rulesOf(role, names[role], prefix) }))
    const topics = {
      title: 'who runs `wardwatch kafka topics`',
      rules: topicsRules(names.topics, planned),
    }
    if (call.flags['apply'] === true)
      return applyRights(
        log,
        [...roles, topics].flatMap(({ rules }) => rules),
      )
    process.stdout.write(aclScript([...roles, topics]))
    return 0
  },
}

const applyRights = async (log: Config['log'], rules: readonly AllowRule[]): Promise<number> => {
  const read = readKafkaLog(log)
  if (!read.ok) throw new BadCall(read.problem)
  if (read.options === null) throw new BadCall('log.kind is lmdb: only Kafka has rights to give')
  const { settings } = read.options
  const admin = createKafkaClient(settings, silentLogger).openAdmin()
  try {
    await admin.allow(rules)
    process.stdout.write(`${rules.length} rights are given\n`)
    return 0
  } catch (error) {
    process.stderr.write(`wardwatch: ${kafkaContactProblem(settings, failureOf(error).message)}\n`)
    return 1
  } finally {
    await admin.close().catch(() => {})
  }
}

export const kafkaTopicsCommand: Command = {
  name: 'kafka topics',
  summary: 'says how the topics on Kafka differ from what the log needs, and creates those that are missing; never alters one',
  usage: '[--create]',
  example: 'npx wardwatch kafka topics --config wardwatch.yaml --create',
  flags: { ...settingsFlags, create: { help: 'create the topics that are missing' } },
  async run(call) {
    const config = configOf(call)
    const read = readKafkaLog(config.log)
    if (!read.ok) throw new BadCall(read.problem)
    if (read.options === null) throw new BadCall('log.kind is lmdb: the embedded log makes its topics by itself')
    const { settings, plan } = read.options
    const admin = createKafkaClient(settings, silentLogger).openAdmin()
    try {
      const planned = planDeployment(plan)
      const { missing, differences, configHidden } = await checkTopics(admin, planned)
      if (call.flags['create'] === true) await createTopics(admin, missing)
      for (const { name, partitions } of missing)
        process.stdout.write(`${name}: ${call.flags['create'] === true ? 'created' : 'missing'}, ${partitions} partitions\n`)
      for (const difference of differences) process.stdout.write(`${tellDifference(difference)}\n`)
      if (configHidden) process.stdout.write('how they are configured was not compared: this user has no right to read it\n')
      const left = call.flags['create'] === true ? 0 : missing.length
      if (left + differences.length === 0) process.stdout.write(`${planned.length} topics are as they should be\n`)
      return left > 0 || differences.some(({ fatal }) => fatal) ? 1 : 0
    } catch (error) {
      process.stderr.write(`wardwatch: ${kafkaContactProblem(settings, failureOf(error).message)}\n`)
      return 1
    } finally {
      await admin.close().catch(() => {})
    }
  },
}

export const kafkaKeyCommand: Command = {
  name: 'kafka key',
  summary: "prints the log's own key, for log.keyFile of a machine that is not to have the master key (an edge, a bridge)",
  usage: '',
  example: 'npx wardwatch kafka key --data /var/lib/wardwatch | ssh edge-2 "umask 077; cat > /etc/wardwatch/log.key"',
  flags: settingsFlags,
  async run(call) {
    const read = logKeysOf(configOf(call))
    if (!read.ok) throw new BadCall(read.problem)
    for (const key of read.keys) process.stdout.write(`${key.toString('hex')}\n`)
    return 0
  },
}

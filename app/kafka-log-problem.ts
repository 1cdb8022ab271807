import type { Config } from './config.ts'

/** Why the settings of the log on Kafka can't work; null when they can, and on the embedded log. */
export const kafkaLogProblem = ({ log }: Pick<Config, 'log'>): string | null => {
  if (log.kind !== 'kafka') return null
  const { brokers, tls, sasl, username, passwordFile, certificateFile, keyFile, replicationFactor, minInsyncReplicas } = log.kafka
  if (brokers.length === 0) return 'log.kafka.brokers: none is given, and log.kind is kafka: name some as host:port'
  const wrong = brokers.find((broker) => !/^(\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}$/i.test(broker))
  if (wrong !== undefined) return `log.kafka.brokers: "${wrong}" is not allowed: host:port`
  if (sasl !== 'none' && (username === undefined || passwordFile === undefined))
    return `log.kafka.sasl: ${sasl} needs log.kafka.username and log.kafka.passwordFile`
  // The password itself would be read by whoever listens; SCRAM's proof is not the password, but then everything else is in the clear.
  if (sasl === 'plain' && !tls) return 'log.kafka.sasl: plain is not allowed without log.kafka.tls: the password would go in the clear'
  if ((certificateFile === undefined) !== (keyFile === undefined))
    return 'log.kafka.certificateFile and log.kafka.keyFile: one is not allowed without the other'
  if (certificateFile !== undefined && !tls) return 'log.kafka.certificateFile is not allowed without log.kafka.tls: nobody would see it'
  if (minInsyncReplicas > replicationFactor)
    return `log.kafka.minInsyncReplicas: ${minInsyncReplicas} is not allowed: at most log.kafka.replicationFactor, ${replicationFactor}`
  return null
}

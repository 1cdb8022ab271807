import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import type { TopicPlanOptions } from '../stream/kafka/topic-plan.ts'
import type { Config } from './config.ts'
import type { KafkaLogOptions } from './roles/options.ts'
import { readPasswordFile, readPrivateKeyFile } from './secret-file.ts'

export type KafkaLogRead =
  | { readonly ok: true; readonly options: KafkaLogOptions | null }
  | { readonly ok: false; readonly problem: string }

export const topicPlanOf = ({ kafka, retentionHours, retentionGigabytes }: Config['log']): TopicPlanOptions => ({
  topicPrefix: kafka.topicPrefix,
  retentionHours,
  retentionGigabytes,
  replicationFactor: kafka.replicationFactor,
  minInsyncReplicas: kafka.minInsyncReplicas,
})

/** What the settings of the log on Kafka say, the files among them read; null options on the embedded log. */
export const readKafkaLog = (log: Config['log']): KafkaLogRead => {
  if (log.kind !== 'kafka') return { ok: true, options: null }
  const { kafka } = log
  const text = (file: string | undefined): string | null => (file === undefined ? null : readFileSync(file, 'utf8'))
  try {
    const tls = kafka.tls
      ? { caPem: text(kafka.caFile), certificatePem: text(kafka.certificateFile), keyPem: readPrivateKeyFile('keyFile', kafka.keyFile) }
      : null
    // A context takes anything for a CA; it would be found out at the first connection.
    if (tls !== null && tls.caPem !== null && !new X509Certificate(tls.caPem).ca)
      throw new Error(`caFile ${kafka.caFile} is not a CA's certificate`)
    if (tls !== null && tls.certificatePem !== null && tls.keyPem !== null) {
      try {
        createSecureContext({ cert: tls.certificatePem, key: tls.keyPem })
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new Error(`certificateFile ${kafka.certificateFile}, keyFile ${kafka.keyFile}: ${reason}`, { cause: error })
      }
    }
    const sasl =
      kafka.sasl === 'none'
        ? null
        : { mechanism: kafka.sasl, username: kafka.username!, password: readPasswordFile('passwordFile', kafka.passwordFile!) }
    return {
      ok: true,
      options: {
        settings: { brokers: kafka.brokers, clientId: `wardwatch-${hostname()}`, tls, sasl },
        plan: topicPlanOf(log),
        createTopics: kafka.createTopics,
        sessionMs: kafka.sessionSeconds * 1_000,
        lingerMs: kafka.lingerMs,
        giveUpMs: kafka.giveUpSeconds * 1_000,
      },
    }
  } catch (error) {
    return { ok: false, problem: `log.kafka: ${error instanceof Error ? error.message : String(error)}` }
  }
}

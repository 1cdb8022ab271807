import { X509Certificate } from 'node:crypto'
import type { KafkaLogOptions } from './roles/options.ts'

type Settings = KafkaLogOptions['settings']

/** How it looks when one side speaks TLS and the other does not: neither says so. A broker that goes down in that moment looks the same. */
const cutOff =
  /closed connection|connection closed by the server|before secure TLS connection|wrong version number|no answer of Kafka|ECONNRESET/i

/** The alerts of a broker that wants a client's certificate, or another one (RFC 8446, 6.2). */
const certificateRefused = /alert (bad certificate|unsupported certificate|certificate (revoked|expired|unknown|required)|unknown ca)/i

/** OpenSSL's own words in what Node makes of them: `40..:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/..:918:SSL alert number 42`. */
const openSsl = /[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):[^:]*:\d+:(SSL alert number \d+)?\s*:?/gi

/** What a broker's refusal means, for who set it up; what needs no more words stays as it is. */
export const kafkaReason = ({ tls }: Pick<Settings, 'tls'>, reason: string): string => {
  const plain = reason.replace(openSsl, '$1').trim()
  if (tls === null || !certificateRefused.test(plain)) return plain
  if (tls.certificatePem === null) return `${plain} (the brokers want a client certificate? log.kafka.certificateFile is not set)`
  const { subject, validTo } = new X509Certificate(tls.certificatePem)
  const name = subject.replaceAll('\n', ',')
  return `${plain} (the brokers do not take the certificate of log.kafka.certificateFile, valid until ${validTo}: ${name})`
}

/** Why the brokers could not be talked to at first. */
export const kafkaContactProblem = (settings: Settings, reason: string): string => {
  const { brokers, tls, sasl } = settings
  const hint =
    tls === null
      ? 'does this listener speak TLS? log.kafka.tls is false'
      : `${sasl === null ? 'does it ask for a user? log.kafka.sasl is not set; or ' : ''}does this listener speak plain text? log.kafka.tls is true`
  return `${brokers.join(', ')}: ${kafkaReason(settings, reason)}${cutOff.test(reason) ? ` (${hint})` : ''}`
}

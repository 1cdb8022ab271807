import type { KafkaLogOptions } from './roles/options.ts'

/** How it looks when one side speaks TLS and the other does not: neither says so. A broker that goes down in that moment looks the same. */
const cutOff =
  /closed connection|connection closed by the server|before secure TLS connection|wrong version number|no answer of Kafka|ECONNRESET/i

/** Why the brokers could not be talked to at first, for who set it up. */
export const kafkaContactProblem = ({ brokers, tls, sasl }: KafkaLogOptions['settings'], reason: string): string => {
  const hint =
    tls === null
      ? 'does this listener speak TLS? log.kafka.tls is false'
      : `${sasl === null ? 'does it ask for a user? log.kafka.sasl is not set; or ' : ''}does this listener speak plain text? log.kafka.tls is true`
  return `${brokers.join(', ')}: ${reason}${cutOff.test(reason) ? ` (${hint})` : ''}`
}

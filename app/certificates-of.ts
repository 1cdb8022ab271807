import type { Certificates } from './metrics/machine-samples.ts'
import type { Secrets } from './role-plans.ts'

/** The certificates that a machine depends on, its own and those that it trusts, by what they are for. */
export const certificatesOf = ({ authority, edge, deskTls, metricsTls, kafka, server }: Secrets): Certificates =>
  Object.fromEntries(
    Object.entries({
      devices_ca: authority?.caPem ?? edge?.caPem,
      mqtt: edge?.certificatePem,
      desk: deskTls?.certificatePem,
      metrics: metricsTls?.certificatePem,
      kafka_client: kafka?.settings.tls?.certificatePem,
      kafka_ca: kafka?.settings.tls?.caPem,
      clickhouse_ca: server?.caPem,
    }).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )

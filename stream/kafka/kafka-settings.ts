/** How a Kafka cluster is reached. */
export interface KafkaSettings {
  /** host:port of some of its brokers. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Null: plaintext. A `caPem` of null: the runtime's own authorities. */
  readonly tls: KafkaTls | null
  readonly sasl: KafkaSasl | null
}

export interface KafkaTls {
  readonly caPem: string | null
  /** A client certificate, where the brokers want one. */
  readonly certificatePem: string | null
  readonly keyPem: string | null
}

export interface KafkaSasl {
  readonly mechanism: 'scram-sha-512' | 'plain'
  readonly username: string
  readonly password: string
}

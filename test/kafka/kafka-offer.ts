import { spawnSync } from 'node:child_process'

/** What this machine offers for tests on a real Kafka: a cluster that is given, else Java and Maven, which fetch and run one. */
export type KafkaOffer =
  | { readonly kind: 'given'; readonly brokers: readonly string[] }
  | { readonly kind: 'maven' }
  | { readonly kind: 'nothing'; readonly lacks: string }

const javaVersionMin = 17

const javaLack = (): string | null => {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  if (error !== undefined) return 'Java is not installed'
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  return version >= javaVersionMin ? null : `Java ${version} is too old: Kafka 4 needs ${javaVersionMin}`
}

const mavenLack = (): string | null => (spawnSync('mvn', ['--version']).error === undefined ? null : 'Maven is not installed')

/** `KAFKA_BROKERS` (host:port, separated by commas; plaintext, and topics may be created and deleted on it) goes first. */
export const kafkaOffer = (): KafkaOffer => {
  const given = process.env['KAFKA_BROKERS']
  if (given !== undefined && given !== '') return { kind: 'given', brokers: given.split(',').map((broker) => broker.trim()) }
  const lacks = javaLack() ?? mavenLack()
  return lacks === null ? { kind: 'maven' } : { kind: 'nothing', lacks }
}

/** For the names of tests: why they are skipped, or nothing. */
export const lackingKafka = (offer: KafkaOffer): string => (offer.kind === 'nothing' ? ` (skipped: ${offer.lacks})` : '')

/** The same for tests that kill and configure brokers, which a given cluster's are not theirs to. */
export const lackingOwnKafka = (): string | null => javaLack() ?? mavenLack()

import { spawnSync } from 'node:child_process'
import { dockerLack } from '../images/docker.ts'
import { imageOf } from '../images/image-names.ts'

/** Where tests start a Kafka of their own: in containers of the image that docker-compose.yml names, or as processes out of Maven's jars. */
export type KafkaPlace = 'docker' | 'processes'

/** What this machine offers for tests on a real Kafka: a cluster that is given, else one of the tests' own. */
export type KafkaOffer =
  | { readonly kind: 'given'; readonly brokers: readonly string[] }
  | { readonly kind: 'own'; readonly place: KafkaPlace }
  | { readonly kind: 'nothing'; readonly lacks: string }

const javaVersionMin = 17

const javaLack = (): string | null => {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  if (error !== undefined) return 'Java is not installed'
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  return version >= javaVersionMin ? null : `Java ${version} is too old: Kafka 4 needs ${javaVersionMin}`
}

const mavenLack = (): string | null => (spawnSync('mvn', ['--version']).error === undefined ? null : 'Maven is not installed')

/** Docker with the image goes first, then Java with Maven; `WARDWATCH_TEST_PLACE` (docker, processes) allows one of them only. */
const ownOffer = (): Exclude<KafkaOffer, { kind: 'given' }> => {
  const wanted = process.env['WARDWATCH_TEST_PLACE']
  const lacks: string[] = []
  if (wanted !== 'processes') {
    const lack = dockerLack(imageOf('kafka'))
    if (lack === null) return { kind: 'own', place: 'docker' }
    lacks.push(lack)
  }
  if (wanted !== 'docker') {
    const lack = javaLack() ?? mavenLack()
    if (lack === null) return { kind: 'own', place: 'processes' }
    lacks.push(lack)
  }
  return { kind: 'nothing', lacks: lacks.join('; ') }
}

/** `KAFKA_BROKERS` (host:port, separated by commas; plaintext, and topics may be created and deleted on it) goes before all. */
export const kafkaOffer = (): KafkaOffer => {
  const given = process.env['KAFKA_BROKERS']
  if (given !== undefined && given !== '') return { kind: 'given', brokers: given.split(',').map((broker) => broker.trim()) }
  return ownOffer()
}

/** For the names of tests: why they are skipped, or nothing. */
export const lackingKafka = (offer: KafkaOffer): string => (offer.kind === 'nothing' ? ` (skipped: ${offer.lacks})` : '')

/** The same for tests that kill and configure brokers, which a given cluster's are not theirs to. */
export const ownKafka = (): { readonly place: KafkaPlace; readonly lacks: string | null } => {
  const offer = ownOffer()
  return offer.kind === 'own' ? { place: offer.place, lacks: null } : { place: 'processes', lacks: offer.lacks }
}

/** Why processes can't be had, for tests that need exactly those. */
export const lackingOwnKafka = (): string | null => javaLack() ?? mavenLack()

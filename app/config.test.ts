import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig, settings } from './config.ts'

const load = (over: Partial<Parameters<typeof loadConfig>[0]>) => loadConfig({ flags: {}, environment: {}, ...over })
const yaml = (text: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'wardwatch-config-')), 'wardwatch.yaml')
  writeFileSync(file, text)
  return file
}
const portOf = (loaded: ReturnType<typeof loadConfig>) => (loaded.ok ? loaded.config.mqtt.port : loaded.problem)

describe('where a setting comes from', () => {
  it('has a default for everything', () => expect(load({}).ok).toBe(true))
  it('a file goes before the default', () => expect(portOf(load({ file: yaml('mqtt: { port: 1001 }') }))).toBe(1001))
  it('the environment goes before the file', () =>
    expect(portOf(load({ file: yaml('mqtt: { port: 1001 }'), environment: { WARDWATCH_MQTT_PORT: '1002' } }))).toBe(1002))
  it('a flag goes before the environment', () =>
    expect(portOf(load({ flags: { 'mqtt-port': '1003' }, environment: { WARDWATCH_MQTT_PORT: '1002' } }))).toBe(1003))
  it('every leaf has a flag, a variable and a sentence', () => {
    expect(settings.length).toBeGreaterThan(12)
    for (const setting of settings) expect(setting.description, setting.flag).not.toBe('')
  })
})

it('a clock can be switched off, in a file, a flag and the environment', () => {
  const off = (over: Parameters<typeof load>[0]) => {
    const loaded = load(over)
    return loaded.ok ? loaded.config.triage.containMinutes.high : loaded.problem
  }
  expect(off({})).toBe(240)
  expect(off({ file: yaml('triage: { containMinutes: { high: none } }') })).toBeNull()
  expect(off({ flags: { 'triage-contain-minutes-high': 'none' } })).toBeNull()
  expect(off({ environment: { WARDWATCH_TRIAGE_CONTAIN_MINUTES_HIGH: '30' } })).toBe(30)
})

describe('a problem names the key, the value and what is allowed', () => {
  const problems: Record<string, [Parameters<typeof load>[0], RegExp]> = {
    'a port out of range': [{ flags: { 'mqtt-port': '70000' } }, /mqtt\.port \(--mqtt-port\): "70000" is not allowed: at most 65535/],
    'a server without its address': [{ flags: { 'store-kind': 'server' } }, /^store\.url: store\.kind server needs it$/],
    'an address without a server': [{ flags: { 'store-url': 'http://127.0.0.1:8123' } }, /^store\.url: it is for store\.kind server$/],
    'a password in the clear to another host': [
      { flags: { 'store-kind': 'server', 'store-url': 'http://clickhouse:8123' } },
      /^store\.url: http:\/\/ to another host is not allowed: use https:\/\/, or store\.plaintext$/,
    ],
    'a password in an address': [
      { flags: { 'store-kind': 'server', 'store-url': 'https://me:secret@clickhouse:8443' } },
      /^store\.url \(--store-url\): "https:\/\/\*\*\*@clickhouse:8443" is not allowed: .* without a user, a path or a query$/,
    ],
    'a password with a slash in an address': [
      { flags: { 'store-kind': 'server', 'store-url': 'https://me:sec/ret@clickhouse:8443' } },
      /^store\.url \(--store-url\): "https:\/\/\*\*\*@clickhouse:8443" is not allowed/,
    ],
    'a word that is none of the allowed': [
      { environment: { WARDWATCH_LOG_LEVEL: 'loud' } },
      /logLevel \(WARDWATCH_LOG_LEVEL\): "loud" is not allowed: one of debug, info/,
    ],
    'a key that does not exist': [{ file: yaml('mqtt: { prot: 1 }') }, /mqtt: unknown setting prot/],
    'a file that is not YAML': [{ file: yaml('a: [') }, /wardwatch\.yaml: /],
    'a file that is a list': [{ file: yaml('- 1') }, /must be a mapping/],
    'a pair without a value': [{ set: ['limits'] }, /it takes KEY=VALUE/],
    'a guard that is no number': [{ set: ['limits.packetBytesMax=big'] }, /limits\.packetBytesMax \(--set\): "big" is not allowed/],
    'a clock that is no time': [
      { flags: { 'triage-acknowledge-minutes-critical': 'soon' } },
      /triage\.acknowledgeMinutes\.critical \(--triage-acknowledge-minutes-critical\): "soon" is not allowed: minutes above 0, or none/,
    ],
    'a certificate without its key': [
      { flags: { 'desk-certificate-file': 'a.pem' } },
      /desk\.certificateFile and desk\.keyFile: one is not allowed/,
    ],
    "a name that can't be in a certificate": [
      { flags: { 'mqtt-names': 'broker.example, broker example' } },
      /^mqtt\.names \(--mqtt-names\): "broker\.example, broker example" is not allowed: "broker example" is neither a host name .* nor an IP address$/,
    ],
    'an address of a desk that is none': [
      { file: yaml('desk: { names: [desk.example, 10.1.2.300] }') },
      /^desk\.names: \["desk\.example","10\.1\.2\.300"\] is not allowed: "10\.1\.2\.300" is neither/,
    ],
    'an address of a page for a name': [
      { environment: { WARDWATCH_DESK_NAMES: 'https://desk.example' } },
      /^desk\.names \(WARDWATCH_DESK_NAMES\): .*neither a host name/,
    ],
    'no name at all': [{ set: ['mqtt.names='] }, /^mqtt\.names \(--set\): "" is not allowed: a certificate is for 1 to 100 names, not 0$/],
    'load balancers that are everybody': [
      { flags: { 'mqtt-proxy-from': '10.0.0.0/8,0.0.0.0/0' } },
      /mqtt\.proxyFrom: 0\.0\.0\.0\/0: an address/,
    ],
    'a public origin in the clear': [
      { flags: { 'desk-public-origins': 'http://desk.example' } },
      /desk\.publicOrigins.*an origin such as https:/,
    ],
    'a public origin with a path': [{ set: ['desk.publicOrigins=https://desk.example/wardwatch'] }, /desk\.publicOrigins.*without a path/],
    'a time zone that is none': [
      { flags: { 'paging-time-zone': 'Mars/Olympus' } },
      /paging\.timeZone \(--paging-time-zone\): "Mars\/Olympus" is not allowed: a time zone as IANA/,
    ],
    'an offset, which knows no summer': [{ set: ['paging.timeZone=+02:00'] }, /paging\.timeZone.*for example Europe\/Berlin/],
    'a log on Kafka without brokers': [{ flags: { 'log-kind': 'kafka' } }, /log\.kafka\.brokers: none is given, and log\.kind is kafka/],
    'a broker without a port': [
      { flags: { 'log-kind': 'kafka', 'log-kafka-brokers': 'kafka-1:9093,kafka-2' } },
      /log\.kafka\.brokers: "kafka-2" is not allowed: host:port/,
    ],
    'a mechanism without its user': [
      { flags: { 'log-kind': 'kafka', 'log-kafka-brokers': 'k:1', 'log-kafka-sasl': 'scram-sha-512' } },
      /log\.kafka\.sasl: scram-sha-512 needs log\.kafka\.username and log\.kafka\.passwordFile/,
    ],
    'a client certificate that nobody would see': [
      {
        flags: {
          'log-kind': 'kafka',
          'log-kafka-brokers': 'k:1',
          'log-kafka-tls': 'false',
          'log-kafka-certificate-file': 'c',
          'log-kafka-key-file': 'k',
        },
      },
      /log\.kafka\.certificateFile is not allowed without log\.kafka\.tls/,
    ],
    'a password in the clear': [
      {
        flags: {
          'log-kind': 'kafka',
          'log-kafka-brokers': 'k:1',
          'log-kafka-sasl': 'plain',
          'log-kafka-username': 'u',
          'log-kafka-password-file': 'p',
          'log-kafka-tls': 'false',
        },
      },
      /plain is not allowed without log\.kafka\.tls/,
    ],
    'more copies in sync than copies': [
      { flags: { 'log-kind': 'kafka', 'log-kafka-brokers': 'k:1', 'log-kafka-replication-factor': '1' } },
      /log\.kafka\.minInsyncReplicas: 2 is not allowed: at most log\.kafka\.replicationFactor, 1/,
    ],
    'a free port for several workers': [{ set: ['mqtt.port=0', 'mqtt.workers=2'] }, /mqtt\.port: 0 is not allowed with several/],
  }
  for (const [name, [sources, pattern]] of Object.entries(problems))
    it(name, () => {
      const loaded = load(sources)
      expect(loaded.ok ? 'accepted' : loaded.problem).toMatch(pattern)
    })

  it('a pair can not reach the prototype of all objects', () => {
    load({ set: ['__proto__.polluted=1', 'a.__proto__.polluted=1'] })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

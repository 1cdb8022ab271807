import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configSchema } from './config.ts'
import { readKafkaLog } from './kafka-log-settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'wardwatch-kafka-settings-'))
afterAll(() => rmSync(directory, { recursive: true }))
const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}
const read = (kafka: object) => readKafkaLog(configSchema.parse({ log: { kind: 'kafka', kafka: { brokers: ['k1:9093'], ...kafka } } }).log)

describe('the settings of the log on Kafka', () => {
  it('are nothing on the embedded log', () => expect(readKafkaLog(configSchema.parse({}).log)).toEqual({ ok: true, options: null }))
  it("speak TLS with the system's authorities by default, and take the password from its file", () => {
    const told = read({ sasl: 'scram-sha-512', username: 'edge', passwordFile: file('password', 's3cret\n') })
    expect(told).toMatchObject({
      ok: true,
      options: {
        settings: {
          brokers: ['k1:9093'],
          tls: { caPem: null },
          sasl: { mechanism: 'scram-sha-512', username: 'edge', password: 's3cret' },
        },
        plan: { replicationFactor: 3, minInsyncReplicas: 2 },
        createTopics: false,
      },
    })
  })
  const scram = (passwordFile: string) => ({ sasl: 'scram-sha-512', username: 'edge', passwordFile })
  it.each([
    ['a password file that everybody reads', scram(file('open', 's3cret', 0o644)), /passwordFile .* can be read by everybody: chmod 640/],
    ['an empty password file', scram(file('empty', '\n')), /passwordFile .* is empty/],
    ['a password file that is not there', scram(join(directory, 'none')), /ENOENT/],
    [
      'a client certificate that is none, by the names of its files',
      { certificateFile: file('client.crt', 'no certificate'), keyFile: file('client.key', 'no key') },
      /certificateFile .*client\.crt, keyFile .*client\.key: /,
    ],
    ['a CA that is none', { caFile: file('ca', 'no certificate') }, /log\.kafka: /],
  ])('refuse %s, without saying what is in it', (_name, kafka, problem) => {
    const told = read(kafka)
    expect(told).toMatchObject({ ok: false, problem: expect.stringMatching(problem) as string })
    expect(JSON.stringify(told)).not.toContain('s3cret')
  })
})

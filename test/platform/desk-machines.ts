import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveKey } from '../../app/master-key.ts'
import type { RoleStatus } from '../../app/supervisor.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { type KafkaLog, openKafkaLog } from '../../stream/kafka/open-kafka-log.ts'
import { plaintext } from '../../stream/kafka/open-test-log.ts'
import { createSealer } from '../../stream/seal.ts'
import { type StandIn, startStandIn } from '../clickhouse/start-stand-in.ts'
import { startKafka, type TestKafka } from '../kafka/start-kafka.ts'
import { type DeskClient, signInAsAdmin } from './desk-client.ts'
import { freePort } from './free-port.ts'
import { asksOnce } from './place.ts'
import { type PlatformProcess, startPlatformProcess } from './platform-process.ts'

/** A machine that is a desk and nothing else. */
export interface DeskMachine {
  readonly name: string
  readonly base: string
  readonly data: string
  readonly platform: PlatformProcess
  role(): Promise<RoleStatus>
  leads(): Promise<boolean>
}

export interface DeskMachines {
  readonly kafka: TestKafka
  readonly machines: readonly DeskMachine[]
  /** The log as another program reads and writes it. */
  readonly log: KafkaLog
  /** Signed in at the first machine. */
  readonly admin: DeskClient
  leader(): Promise<DeskMachine | null>
  /** One with a CA of its own. Rejects with what it said when it is refused. */
  startStranger(): Promise<DeskMachine>
  /** Where a machine's data is. */
  dataOf(name: string): string
  stop(): Promise<void>
}

const sessionSeconds = 3

/** Several desks on one Kafka and one ClickHouse (a stand-in), with the same keys and the same CA. */
export const startDeskMachines = async (count: number): Promise<DeskMachines> => {
  const root = mkdtempSync(join(tmpdir(), 'ww-desks-'))
  const keyFile = join(root, 'master.key')
  const key = Buffer.alloc(32, 7)
  writeFileSync(keyFile, `${key.toString('hex')}\n`, { mode: 0o600 })
  const [kafka, standIn] = await Promise.all([startKafka(), startStandIn({ directory: join(root, 'clickhouse') })] as const)
  const passwordFile = join(root, 'password')
  writeFileSync(passwordFile, `${standIn.password}\n`, { mode: 0o600 })
  const machines: DeskMachine[] = []
  const on = { root, keyFile, kafka, standIn, passwordFile }
  for (let i = 0; i < count; i++) machines.push(await startDesk(`desk-${i}`, { ...on, first: machines[0] }))
  const admin = await signInAsAdmin(machines[0]!.platform)
  const sealer = createSealer(deriveKey(key, 'log'), 'log')
  const log = openKafkaLog({ settings: plaintext(kafka.brokers), sealer, lingerMsMax: 2, logger: silentLogger })
  return {
    kafka,
    machines,
    log,
    admin,
    async leader() {
      for (const machine of machines) if (await machine.leads()) return machine
      return null
    },
    startStranger: () => startDesk('stranger', { ...on, first: undefined }),
    dataOf: (name) => join(root, name),
    async stop() {
      await log.close()
      await Promise.all(machines.map(({ platform }) => platform.stop()))
      await Promise.all([standIn.stop(), kafka.stop()])
      rmSync(root, { recursive: true, force: true })
    },
  }
}

const startDesk = async (
  name: string,
  on: {
    readonly root: string
    readonly keyFile: string
    readonly kafka: TestKafka
    readonly standIn: StandIn
    readonly passwordFile: string
    readonly first: DeskMachine | undefined
  },
): Promise<DeskMachine> => {
  const { root, keyFile, kafka, standIn, passwordFile, first } = on
  const data = join(root, name)
  mkdirSync(data, { mode: 0o700 })
  // The CA is one for all.
  if (first !== undefined) copyFileSync(join(first.data, 'identity.sealed'), join(data, 'identity.sealed'))
  const port = await freePort()
  const settings: Readonly<Record<string, string>> = {
    roles: 'desk',
    node: name,
    'key-file': keyFile,
    'desk-port': String(port),
    'log-kind': 'kafka',
    'log-kafka-brokers': kafka.brokers.join(','),
    'log-kafka-tls': 'false',
    'log-kafka-replication-factor': '1',
    'log-kafka-min-insync-replicas': '1',
    'log-kafka-create-topics': 'true',
    'log-kafka-session-seconds': String(sessionSeconds),
    'store-kind': 'server',
    'store-url': standIn.url,
    'store-password-file': passwordFile,
  }
  const platform = await startPlatformProcess({
    data,
    mqttPort: await freePort(),
    flags: Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value]),
  })
  return {
    name,
    base: `http://127.0.0.1:${port}`,
    data,
    platform,
    role: async () => (await platform.roles()).find(({ kind }) => kind === 'desk')!,
    async leads() {
      const answer = await fetch(`http://127.0.0.1:${platform.healthPort}/leadz`, asksOnce)
      return answer.status === 200
    },
  }
}

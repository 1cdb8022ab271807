import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { commandAt, type Place } from '../platform/place.ts'

const run = promisify(execFile)
const startMsMax = 90_000
const log4j = fileURLToPath(new URL('log4j2.properties', import.meta.url))
const javaFlags = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${log4j}`]

/** One node's process: formatted once, then started, killed and started again as a test likes. */
export interface KafkaNode {
  start(): Promise<void>
  /** SIGKILL, as near to a power cut as a process gets. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT: a broker that holds its connections and says nothing. */
  freeze(): void
  thaw(): void
  /** SIGTERM: gives its partitions away first. */
  stop(): Promise<void>
  /** Of its process; undefined while it does not run, and of a container. */
  pid(): number | undefined
}

export const createKafkaNode = async (options: {
  readonly jars: string
  readonly directory: string
  readonly propertiesFile: string
  readonly clusterId: string
  readonly users: Readonly<Record<string, string>>
  readonly place: Place
}): Promise<KafkaNode> => {
  const { jars, directory, propertiesFile, clusterId, users, place } = options
  const logFile = join(directory, 'kafka.log')
  const java = [...javaFlags, `-Dwardwatch.log=${logFile}`, '-cp', join(jars, '*')]
  const scram = Object.entries(users).flatMap(([name, password]) => ['--add-scram', `SCRAM-SHA-512=[name=${name},password=${password}]`])
  await run('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', propertiesFile, ...scram])
  let child: ChildProcess | null = null
  let exited: Promise<void> = Promise.resolve()
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child?.kill('SIGCONT')
    child?.kill(signal)
    await exited
  }
  // A test process that dies must not leave a broker behind.
  const atExit = (): void => void child?.kill('SIGKILL')
  process.once('exit', atExit)

  return {
    async start() {
      const process = spawn(...commandAt(place, 'java', [...java, 'kafka.Kafka', propertiesFile]), { stdio: ['ignore', 'pipe', 'pipe'] })
      child = process
      let said = ''
      exited = new Promise((resolve) =>
        process.once('exit', () => {
          if (child === process) child = null
          resolve()
        }),
      )
      await new Promise<void>((resolve, reject) => {
        const fail = (why: string): void => {
          process.kill('SIGKILL')
          let log = ''
          try {
            log = readFileSync(logFile, 'utf8').slice(-3_000)
          } catch {
            // It has not written any.
          }
          reject(new Error(`Kafka ${why}:\n${said.slice(-2_000)}\n${log}`))
        }
        const timer = setTimeout(() => fail(`did not start in ${startMsMax} ms`), startMsMax)
        const read = (chunk: Buffer): void => {
          said += chunk.toString()
          if (!said.includes('Kafka Server started')) return
          clearTimeout(timer)
          resolve()
        }
        process.stdout.on('data', read)
        process.stderr.on('data', read)
        void exited.then(() => {
          clearTimeout(timer)
          fail('ended while it started')
        })
      })
    },
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async stop() {
      process.removeListener('exit', atExit)
      await end('SIGTERM')
    },
    pid: () => child?.pid,
  }
}

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import { docker } from '../images/docker.ts'
import { imageOf } from '../images/image-names.ts'
import type { KafkaNode } from './kafka-node.ts'

const startMsMax = 120_000

/** What a container runs: as the image's own scripts would, with the users of SCRAM in a file. */
const script = (directory: string, propertiesFile: string, clusterId: string): string => `
set -eu
if [ ! -e ${directory}/data/meta.properties ]; then
  /opt/kafka/bin/kafka-storage.sh format -t ${clusterId} -c ${propertiesFile} $([ -s ${directory}/scram.args ] && echo @${directory}/scram.args)
fi
exec /opt/kafka/bin/kafka-server-start.sh ${propertiesFile}
`

const atOnce = (verb: 'pause' | 'unpause', container: StartedTestContainer | null): void => {
  if (container !== null) execFileSync('docker', [verb, container.getId()], { stdio: 'ignore' })
}

/** A node in a container of the image that docker-compose.yml names, by testcontainers; on the host's network, its data in the same folder as a process's. */
export const createKafkaContainer = async (options: {
  readonly directory: string
  readonly propertiesFile: string
  readonly clusterId: string
  readonly users: Readonly<Record<string, string>>
}): Promise<KafkaNode> => {
  const { directory, propertiesFile, clusterId, users } = options
  // Its reaper is an image that can't be pulled everywhere: the tests remove what they start.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
  const scram = Object.entries(users).map(([name, password]) => `--add-scram\nSCRAM-SHA-512=[name=${name},password=${password}]\n`)
  writeFileSync(join(directory, 'scram.args'), scram.join(''), { mode: 0o600 })
  let container: StartedTestContainer | null = null
  const remove = async (): Promise<void> => {
    const gone = container
    container = null
    if (gone !== null) await docker('rm', '--force', '--volumes', gone.getId())
  }

  return {
    async start() {
      await remove()
      container = await new GenericContainer(imageOf('kafka'))
        .withEntrypoint(['bash', '-c', script(directory, propertiesFile, clusterId)])
        .withNetworkMode('host')
        .withUser(`${process.getuid!()}:${process.getgid!()}`)
        .withEnvironment({
          KAFKA_HEAP_OPTS: '-Xms128m -Xmx512m',
          LOG_DIR: join(directory, 'logs'),
          EXTRA_ARGS: '-name kafkaServer',
        })
        .withBindMounts([{ source: directory, target: directory }])
        .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
        .withStartupTimeout(startMsMax)
        .start()
    },
    async kill() {
      if (container !== null) await docker('kill', container.getId()).catch(() => {})
      await remove()
    },
    freeze: () => atOnce('pause', container),
    thaw: () => atOnce('unpause', container),
    async stop() {
      if (container !== null) {
        await docker('unpause', container.getId()).catch(() => {})
        await docker('stop', '--time', '30', container.getId())
      }
      await remove()
    },
    pid: () => undefined,
  }
}

import { dockerLack } from '../images/docker.ts'
import { imageOf } from '../images/image-names.ts'
import { isStandIn } from '../images/stand-ins.ts'
import { startClickhouseContainer } from './clickhouse-container.ts'
import { type TestServer, testServer } from './test-server.ts'

/**
 * The server of `CLICKHOUSE_URL`, else the image that docker-compose.yml names in a container, else a stand-in as a process. `WARDWATCH_TEST_PLACE`
 * (docker, processes) allows one of the last two only. For tests that neither kill the server nor switch its faults.
 */
export const offeredServer = async (directory: string): Promise<TestServer> => {
  const place = process.env['WARDWATCH_TEST_PLACE']
  if (process.env['CLICKHOUSE_URL'] !== undefined || place === 'processes') return testServer(directory)
  const image = imageOf('clickhouse')
  const lack = dockerLack(image)
  if (lack !== null && place === 'docker') throw new Error(`WARDWATCH_TEST_PLACE=docker, and ${lack}`)
  if (lack !== null) return testServer(directory)
  process.stderr.write(
    `ClickHouse: tests run on the container image ${image}${isStandIn(image) ? ', which is a STAND-IN, not a server' : ''}\n`,
  )
  return startClickhouseContainer()
}

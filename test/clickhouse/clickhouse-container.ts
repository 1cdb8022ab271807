import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GenericContainer, Wait } from 'testcontainers'
import { systemClock } from '../../contracts/clock.ts'
import { createAuthority } from '../../registry/authority.ts'
import { docker } from '../images/docker.ts'
import { imageOf } from '../images/image-names.ts'
import { sha256Hex } from './front.ts'
import { settingsFor, type TestServer } from './test-server.ts'

const config = fileURLToPath(new URL('../../deploy/compose/clickhouse/config.xml', import.meta.url))
const startMsMax = 120_000

/** The server of docker-compose.yml in a container, by testcontainers: with the same configuration, over HTTPS. */
export const startClickhouseContainer = async (): Promise<TestServer> => {
  // Its reaper is an image that can't be pulled everywhere: the tests remove what they start.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
  const password = randomBytes(16).toString('hex')
  const authority = await createAuthority({ siteName: 'clickhouse-test', clock: systemClock })
  const issued = await authority.issueServerCertificate({ names: ['localhost'], addresses: ['127.0.0.1'], days: 2 })
  const users = `<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default>
  <password_sha256_hex>${sha256Hex(password)}</password_sha256_hex><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
  <access_management>1</access_management></default></users></clickhouse>`
  const container = await new GenericContainer(imageOf('clickhouse'))
    .withEntrypoint(['clickhouse-server', '--config-file=/deploy/config.xml'])
    .withCopyContentToContainer([
      { content: readFileSync(config, 'utf8'), target: '/deploy/config.xml' },
      { content: users, target: '/secrets/users.xml' },
      { content: issued.certificatePem, target: '/secrets/server.crt' },
      { content: issued.privateKeyPem, target: '/secrets/server.key' },
    ])
    .withExposedPorts(8443)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(startMsMax)
    .start()
  return {
    settings: settingsFor(`https://127.0.0.1:${container.getMappedPort(8443)}`, password, { caPem: authority.certificatePem }),
    standIn: null,
    stop: async () => void (await docker('rm', '--force', '--volumes', container.getId())),
  }
}

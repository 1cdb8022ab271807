import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openEngine } from './engine.ts'
import { createFaults } from './faults.ts'
import { createFront, sha256Hex } from './front.ts'
import { type StandInUser, usersAfter } from './users.ts'

/**
 * NOT A CLICKHOUSE SERVER. The engine out of npm's chdb behind a small HTTP front, for tests on machines that can't have a server.
 * Takes its settings from the environment, so that a container can be made of it:
 * STAND_IN_DIRECTORY, STAND_IN_HOST, STAND_IN_PORT (0 takes a free one), STAND_IN_PASSWORD (of the user `default`; or its SHA-256 in hex, STAND_IN_PASSWORD_SHA256),
 * STAND_IN_USERS (a file of CREATE USER and GRANT statements), STAND_IN_KEY and STAND_IN_CERTIFICATE (PEM files: HTTPS).
 */
const environment = process.env
const directory = environment['STAND_IN_DIRECTORY'] ?? '/var/lib/clickhouse-stand-in'
const host = environment['STAND_IN_HOST'] ?? '127.0.0.1'
mkdirSync(directory, { recursive: true })

process.stderr.write(
  [
    '*********************************************************************************',
    '* THIS IS A STAND-IN, NOT A CLICKHOUSE SERVER: the engine of npm chdb behind a  *',
    '* small HTTP front. It is for tests only. Never give it data that you need.     *',
    '*********************************************************************************',
    '',
  ].join('\n'),
)

const usersFile = join(directory, 'stand-in-users.json')
let users: readonly StandInUser[] = existsSync(usersFile) ? (JSON.parse(readFileSync(usersFile, 'utf8')) as StandInUser[]) : []
const initial = environment['STAND_IN_USERS']
if (initial !== undefined)
  for (const statement of readFileSync(initial, 'utf8')
    .replace(/^--.*$/gm, '')
    .split(/;[ \t]*$/m))
    if (/^\s*(CREATE\s+USER|ALTER\s+USER|GRANT|REVOKE)\b/i.test(statement)) users = usersAfter(users, statement)

const [keyFile, certificateFile] = [environment['STAND_IN_KEY'], environment['STAND_IN_CERTIFICATE']]
const front = createFront({
  engine: await openEngine(directory, users),
  faults: createFaults(),
  adminSha256Hex: environment['STAND_IN_PASSWORD_SHA256'] ?? sha256Hex(environment['STAND_IN_PASSWORD'] ?? ''),
  users,
  onUsers: (changed) => writeFileSync(usersFile, JSON.stringify(changed)),
  tls:
    keyFile === undefined || certificateFile === undefined
      ? null
      : { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certificateFile, 'utf8') },
  bodyBytesMax: 268_435_456,
})
front.listen(Number(environment['STAND_IN_PORT'] ?? 0), host, () => {
  const address = front.address()
  process.stdout.write(`stand-in listens on ${typeof address === 'object' && address !== null ? address.port : 0}\n`)
})
// Its parent is gone: a test's process must not outlive the test.
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))

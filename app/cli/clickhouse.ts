import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { systemClock } from '../../contracts/clock.ts'
import { readMigrations } from '../../store/migrate.ts'
import { storeSettings } from '../../store/open.ts'
import { openServerStore } from '../../store/server/open-server-store.ts'
import { runStatements } from '../../store/server/run-statements.ts'
import { serverRoles, type ServerUser, userStatements } from '../../store/server/users.ts'
import { createLogger } from '../logger.ts'
import { readServerSettings } from '../read-server-settings.ts'
import { readPasswordFile } from '../secret-file.ts'
import { storeRetention } from '../store-retention.ts'
import { BadCall, type Command, durationMs, textFlag } from './command.ts'
import { configOf, settingsFlags } from './settings-flags.ts'

const passwordFlag = (role: string): string => `${role}-password-file`
const waitMsDefault = 60_000
const waitFlag = { value: 'TIME', help: 'how long the server is waited for (default: 60s)' } as const
const prefixes = /^[A-Za-z_][A-Za-z0-9_]{0,40}$/

/** What a role's user is for, in `--help`. */
const purposes = {
  migrate: 'makes and changes the tables',
  sink: 'lands the log',
  desk: 'reads, and writes what the desk remembers',
  hub: 'is a sink and a desk in one process',
  grafana: 'reads for dashboards',
} as const

export const clickhouseUsersCommand: Command = {
  name: 'clickhouse users',
  summary: "prints SQL that makes the ClickHouse server's users, each with the rights it needs and no more",
  usage: '',
  example: 'npx wardwatch clickhouse users --sink-password-file sink.txt --desk-password-file desk.txt | clickhouse-client',
  flags: {
    ...settingsFlags,
    prefix: { value: 'NAME', help: 'users are called NAME_sink and so on (default: wardwatch)' },
    apply: { help: 'makes them itself, at --store-url as the administrator --store-user, and prints no SQL' },
    wait: waitFlag,
    ...Object.fromEntries(
      serverRoles.map((role) => [passwordFlag(role), { value: 'FILE', help: `file with the password of the user that ${purposes[role]}` }]),
    ),
  },
  async run(call) {
    const applies = call.flags['apply'] === true
    const { store } = configOf(call, applies ? { store: { kind: 'server' } } : {})
    const prefix = textFlag(call, 'prefix') ?? 'wardwatch'
    if (!prefixes.test(prefix)) throw new BadCall(`--prefix ${prefix}: letters, digits and '_' are allowed`)
    const users = serverRoles.flatMap((role): ServerUser[] => {
      const file = textFlag(call, passwordFlag(role))
      if (file === undefined) return []
      const password = passwordOf(`--${passwordFlag(role)}`, file)
      if (password.length < 12) throw new BadCall(`--${passwordFlag(role)} ${file}: a password has at least 12 characters`)
      const salt = randomBytes(16).toString('hex')
      return [{ role, name: `${prefix}_${role}`, salt, sha256Hex: createHash('sha256').update(password + salt).digest('hex') }] // prettier-ignore
    })
    if (users.length === 0)
      throw new BadCall(
        `clickhouse users needs a password file for each user to make: ${serverRoles.map((role) => `--${passwordFlag(role)}`).join(', ')}`,
      )
    const where = { database: store.database, cluster: store.cluster ?? null, replicated: store.replicated }
    const statements = userStatements(users, where)
    if (!applies) {
      for (const statement of statements) process.stdout.write(`${statement};\n`)
      return 0
    }
    const server = readServerSettings(store)
    if (typeof server === 'string') throw new BadCall(server)
    const problem = await runStatements(server, statements, durationMs(call, 'wait') ?? waitMsDefault)
    if (problem === null) process.stdout.write(`${users.length} users are made at ${server.url}\n`)
    else process.stderr.write(`wardwatch: ${problem}\n`)
    return problem === null ? 0 : 1
  },
}

/** As the role itself will read it from the same file. */
const passwordOf = (flag: string, file: string): string => {
  try {
    return readPasswordFile(flag, file)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // The system's own words name neither.
    throw new BadCall('code' in error ? `${flag} ${file}: ${error.message}` : error.message)
  }
}

export const clickhouseMigrateCommand: Command = {
  name: 'clickhouse migrate',
  summary: "makes and changes the ClickHouse server's tables; several at once do it once",
  usage: '--store-url URL',
  example:
    'npx wardwatch clickhouse migrate --store-url https://clickhouse:8443 --store-user wardwatch_migrate --store-password-file migrate.txt',
  flags: { ...settingsFlags, wait: { value: 'TIME', help: 'the longest that all of it may take (default: 60s)' } },
  async run(call) {
    const config = configOf(call, { store: { kind: 'server' } })
    const server = readServerSettings(config.store)
    if (typeof server === 'string') throw new BadCall(server)
    const store = openServerStore({
      server,
      migrates: true,
      holder: randomUUID(),
      settings: storeSettings.parse({ retention: storeRetention(config.store) }),
      logger: createLogger({ level: config.logLevel, name: 'migrate' }),
      clock: systemClock,
    })
    const timer = setTimeout(() => void store.close(), durationMs(call, 'wait') ?? waitMsDefault)
    try {
      await store.ready
      process.stdout.write(`${server.database} at ${server.url} has all ${readMigrations().length} migrations\n`)
      return 0
    } catch (error) {
      process.stderr.write(`wardwatch: ${store.problem() ?? (error instanceof Error ? error.message : String(error))}\n`)
      return 1
    } finally {
      clearTimeout(timer)
      await store.close()
    }
  },
}

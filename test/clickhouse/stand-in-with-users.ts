import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { storeSettings } from '../../store/open.ts'
import { openServerStore, type ServerStore } from '../../store/server/open-server-store.ts'
import { type ServerRole, serverRoles, userStatements } from '../../store/server/users.ts'
import { startStandIn } from './start-stand-in.ts'
import { settingsFor } from './test-server.ts'

/** A stand-in of a ClickHouse server that has the users of `wardwatch clickhouse users`, each with its rights and no more. */
export interface StandInWithUsers {
  /** A store as that user; closed by `stop`. */
  storeOf(role: ServerRole, migrates?: boolean): Promise<ServerStore>
  clientOf(role: ServerRole): ClickHouseClient
  stop(): Promise<void>
}

const database = 'wardwatch'
const passwordOf = (role: ServerRole): string => `password-of-${role}`

export const startStandInWithUsers = async (): Promise<StandInWithUsers> => {
  const home = mkdtempSync(join(tmpdir(), 'ww-users-'))
  const users = serverRoles.map((role) => ({
    role, name: `wardwatch_${role}`, salt: 'abc', sha256Hex: createHash('sha256').update(`${passwordOf(role)}abc`).digest('hex'),
  })) // prettier-ignore
  const file = join(home, 'users.sql')
  writeFileSync(
    file,
    userStatements(users, { database, cluster: null, replicated: false })
      .map((sql) => `${sql};\n`)
      .join(''),
  )
  const standIn = await startStandIn({ directory: join(home, 'data'), usersFile: file })
  const stores: ServerStore[] = []
  return {
    async storeOf(role, migrates = false) {
      const store = openServerStore({
        server: settingsFor(standIn.url, passwordOf(role), { user: `wardwatch_${role}`, database }),
        settings: storeSettings.parse({}), logger: silentLogger, clock: systemClock, holder: role, migrates,
      }) // prettier-ignore
      stores.push(store)
      await store.ready
      return store
    },
    clientOf: (role) =>
      createClient({
        url: standIn.url,
        username: `wardwatch_${role}`,
        password: passwordOf(role),
        database,
        log: { level: ClickHouseLogLevel.OFF },
      }),
    async stop() {
      for (const store of stores) await store.close()
      await standIn.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

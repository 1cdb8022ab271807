import { createHash, timingSafeEqual } from 'node:crypto'

/** The stand-in's own user; everybody else comes out of SQL. */
export const adminRole = 'admin'

/** A user as `CREATE USER` and `GRANT` made it. The rights are a role of the engine, so the engine itself refuses what is not granted. */
export interface StandInUser {
  readonly name: string
  readonly role: string
  readonly sha256Hex: string
  readonly salt: string
  readonly settings: readonly (readonly [string, string])[]
  /** As after GRANT, e.g. `SELECT ON wardwatch.*`. */
  readonly grants: readonly string[]
}

const userStatement =
  /^CREATE\s+USER\s+(?:IF\s+NOT\s+EXISTS\s+|OR\s+REPLACE\s+)?`?(\w+)`?\s+(?:ON\s+CLUSTER\s+\S+\s+)?IDENTIFIED\s+WITH\s+sha256_hash\s+BY\s+'([0-9a-fA-F]{64})'(?:\s+SALT\s+'([^']*)')?\s*(?:SETTINGS\s+([\s\S]+))?$/i
const grantStatement = /^GRANT\s+(?:ON\s+CLUSTER\s+\S+\s+)?([\s\S]+?)\s+TO\s+`?(\w+)`?$/i
const alterStatement =
  /^ALTER\s+USER\s+(?:IF\s+EXISTS\s+)?`?(\w+)`?\s+IDENTIFIED\s+WITH\s+sha256_hash\s+BY\s+'([0-9a-fA-F]{64})'(?:\s+SALT\s+'([^']*)')?$/i
const revokeAll = /^REVOKE\s+ALL\s+ON\s+\*\.\*\s+FROM\s+`?(\w+)`?$/i

export const isUserStatement = (sql: string): boolean => /^\s*(CREATE\s+USER|ALTER\s+USER|GRANT|REVOKE)\b/i.test(sql)

const settingsOf = (text: string | undefined): [string, string][] =>
  (text ?? '')
    .split(',')
    .map((part) => /^\s*(\w+)\s*=\s*'?([^'\s]*)'?/.exec(part))
    .flatMap((match) => (match === null ? [] : [[match[1]!, match[2]!] as [string, string]]))

/** The users after a statement. Throws the server's sentence for what the stand-in can't do. */
export const usersAfter = (users: readonly StandInUser[], sql: string): readonly StandInUser[] => {
  const text = sql.trim().replace(/;\s*$/, '')
  const created = userStatement.exec(text)
  if (created !== null) {
    const [, name = '', hash = '', salt = '', settings] = created
    const replaces = /^CREATE\s+USER\s+OR\s+REPLACE/i.test(text)
    if (!replaces && users.some((user) => user.name === name)) return users
    return [
      ...users.filter((user) => user.name !== name),
      { name, role: `user_${name}`, sha256Hex: hash.toLowerCase(), salt, settings: settingsOf(settings), grants: [] },
    ]
  }
  const changed = (name: string, change: (user: StandInUser) => StandInUser): readonly StandInUser[] => {
    if (!users.some((user) => user.name === name)) throw new Error(`Code: 511. DB::Exception: There is no user \`${name}\`. (UNKNOWN_USER)`)
    return users.map((user) => (user.name === name ? change(user) : user))
  }
  const altered = alterStatement.exec(text)
  if (altered !== null) return changed(altered[1]!, (user) => ({ ...user, sha256Hex: altered[2]!.toLowerCase(), salt: altered[3] ?? '' }))
  const revoked = revokeAll.exec(text)
  if (revoked !== null) return changed(revoked[1]!, (user) => ({ ...user, grants: [] }))
  const granted = grantStatement.exec(text)
  if (granted !== null) return changed(granted[2]!, (user) => ({ ...user, grants: [...new Set([...user.grants, granted[1]!])] }))
  throw new Error(`Code: 48. DB::Exception: the stand-in does not know this statement: ${text.slice(0, 80)}. (NOT_IMPLEMENTED)`)
}

export const knowsPassword = ({ sha256Hex, salt }: StandInUser, password: string): boolean =>
  timingSafeEqual(
    createHash('sha256')
      .update(password + salt)
      .digest(),
    Buffer.from(sha256Hex, 'hex'),
  )

const escapeXml = (text: string): string => text.replace(/[<>&'"]/g, (c) => `&#${c.codePointAt(0)};`)

/** The engine's users file: one technical user, and a role for each of ours. */
export const usersXml = (users: readonly StandInUser[]): string => {
  const role = (name: string, grants: readonly string[]): string =>
    `<${name}><grants>${grants.map((grant) => `<query>GRANT ${escapeXml(grant)}</query>`).join('')}</grants></${name}>`
  // An engine without any grant in a role would read it as all of them.
  const roles = users.map((user) => role(user.role, user.grants.length === 0 ? ['SELECT ON system.one'] : user.grants))
  return `<clickhouse>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    <grants><query>GRANT ${[adminRole, ...users.map((user) => user.role)].join(', ')}</query></grants></default></users>
  <roles>${role(adminRole, ['ALL ON *.* WITH GRANT OPTION'])}${roles.join('')}</roles>
</clickhouse>
`
}

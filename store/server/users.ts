import { landedTables } from '../landing/landing-batch.ts'

/** Who asks the server: a user for each, with nothing that it doesn't need. `hub` is a sink and a desk in one process. */
export const serverRoles = ['migrate', 'sink', 'desk', 'hub', 'grafana'] as const
export type ServerRole = (typeof serverRoles)[number]

export interface ServerUser {
  readonly role: ServerRole
  readonly name: string
  /** SHA-256 of the password followed by the salt, hex: the statements hold no password. */
  readonly sha256Hex: string
  readonly salt: string
}

/** What the roll-up and the sink's start need beside the landed tables. */
const sinkTables = [...landedTables, 'landing_positions', 'readings_by_minute', 'rollup_marks'] as const
const deskTables = ['heard_by_minute', 'devices_heard'] as const
const grafanaTables = [
  'readings', 'readings_by_minute', 'redeliveries', 'sessions', 'postures', 'findings', 'heard_by_minute', 'devices_heard', 'landing_positions', 'alerts',
] as const // prettier-ignore
/** What the view `alerts` reads (it reads with the rights of who asks): the events themselves, with people's words, stay out. */
const caseColumns = [
  'alert', 'sequence', 'type', 'recorded_at', 'actor', 'opened', 'state', 'owner', 'verdict', 'reason', 'until', 'follows', 'detector', 'title', 'device', 'site', 'severity',
  'score', 'why', 'at',
] as const // prettier-ignore

interface Where {
  readonly database: string
  readonly cluster: string | null
  readonly replicated: boolean
}

const grantsOf = (role: ServerRole, { database, cluster, replicated }: Where): readonly string[] => {
  const on = (rights: string, tables: readonly string[]): string[] => tables.map((table) => `${rights} ON ${database}.${table}`)
  switch (role) {
    case 'migrate':
      return [
        `SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW ON ${database}.*`,
        ...(cluster === null ? [] : ['CLUSTER ON *.*']),
      ]
    case 'sink':
      return [
        ...on('SELECT, INSERT', sinkTables),
        `SELECT ON ${database}.migrations`,
        // To wait for inserts of its own that a start before left behind.
        'SELECT ON system.processes',
        ...(replicated ? on('SYSTEM SYNC REPLICA', landedTables) : []),
      ]
    case 'desk':
      return [`SELECT ON ${database}.*`, ...on('INSERT', deskTables)]
    case 'hub':
      return [...new Set([...grantsOf('sink', { database, cluster, replicated }), ...grantsOf('desk', { database, cluster, replicated })])]
    case 'grafana':
      return [...on('SELECT', grafanaTables), `SELECT(${caseColumns.join(', ')}) ON ${database}.cases`]
  }
}

/** A dashboard's question must not take the server from the platform; `readonly = 2`: it may set limits of its own, and never leave read-only. */
const settingsOf = (role: ServerRole): string =>
  role === 'grafana' ? ' SETTINGS readonly = 2, max_execution_time = 30, max_memory_usage = 2000000000, max_threads = 4' : ''

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** SQL that makes the users anew with exactly these rights. An administrator runs it once, and again after an upgrade. */
export const userStatements = (users: readonly ServerUser[], where: Where): readonly string[] => {
  const onCluster = where.cluster === null ? '' : ` ON CLUSTER ${quoted(where.cluster)}`
  return users.flatMap(({ role, name, sha256Hex, salt }) => [
    `CREATE USER OR REPLACE ${name}${onCluster} IDENTIFIED WITH sha256_hash BY ${quoted(sha256Hex)} SALT ${quoted(salt)}${settingsOf(role)}`,
    ...grantsOf(role, where).map((grant) => `GRANT${onCluster} ${grant} TO ${name}`),
  ])
}

export interface ClusterDdl {
  readonly cluster: string | null
  readonly replicated: boolean
}

const name = '(?:`[^`]+`|[A-Za-z_][\\w.]*)'
/** The heads of DDL after which `ON CLUSTER` stands, up to the object's name. */
const heads = [
  `CREATE\\s+DATABASE(?:\\s+IF\\s+NOT\\s+EXISTS)?\\s+${name}`,
  `CREATE\\s+(?:TABLE|VIEW)(?:\\s+IF\\s+NOT\\s+EXISTS)?\\s+${name}`,
  `ALTER\\s+TABLE\\s+${name}`,
  `DROP\\s+(?:TABLE|VIEW)(?:\\s+IF\\s+EXISTS)?\\s+${name}`,
]
const head = new RegExp(`^(\\s*(?:${heads.join('|')}))(?=[\\s(]|$)`, 'i')
const engine = /(\)\s*ENGINE\s*=\s*)((?:Replacing|Summing|Aggregating)?MergeTree)\b/i

const isDdl = /^\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE|ATTACH|DETACH)\b/i

/**
 * A statement of a migration for a cluster: DDL with `ON CLUSTER`, tables with Replicated engines (their paths are the server's defaults, which have
 * `{uuid}`, `{shard}` and `{replica}` in them). What is no DDL stays. Throws on DDL that it doesn't know: half a cluster must not be migrated.
 */
export const clusterDdl = (statement: string, { cluster, replicated }: ClusterDdl): string => {
  if (!isDdl.test(statement)) return statement
  let out = statement
  if (replicated && /^\s*CREATE\s+TABLE\b/i.test(out) && !/ENGINE\s*=\s*(Memory|Null)\b/i.test(out)) {
    if (!engine.test(out)) throw new Error(`no engine that can be replicated: ${statement.slice(0, 80)}`)
    out = out.replace(engine, '$1Replicated$2')
  }
  if (cluster === null) return out
  if (!head.test(out)) throw new Error(`where ON CLUSTER belongs is not known: ${statement.slice(0, 80)}`)
  return out.replace(head, `$1 ON CLUSTER '${cluster.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
}

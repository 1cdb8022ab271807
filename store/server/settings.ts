/** Where the ClickHouse server is, and how it is spoken to. */
export interface ServerSettings {
  /** `http://host:8123` or `https://host:8443`. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** PEM of the CA that signed the server's certificate; null: those of the system. */
  readonly caPem: string | null
  readonly database: string
  /** Of what is sent and of what is answered. */
  readonly compression: 'none' | 'gzip' | 'zstd'
  /** Of one client; a node has three: landing, the platform's own questions, people's questions. */
  readonly connectionsMax: number
  /** An insert or a statement of a migration that takes longer is given up (and tried again), ms. */
  readonly timeoutMs: number
  /** The name in `ON CLUSTER`; null: a single server, or a database that replicates its DDL by itself. */
  readonly cluster: string | null
  /** Whether tables are made with Replicated engines. */
  readonly replicated: boolean
}

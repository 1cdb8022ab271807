import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { severities, type Severity } from '../contracts/finding.ts'
import { siteId } from '../contracts/identifiers.ts'
import { isLoopback } from './desk/loopback.ts'
import { clockSettings } from '../triage/clocks/settings.ts'

const runtime = z.enum(['bun', 'node'])
const port = z.coerce.number().int().min(0).max(65_535)
const whole = (low: number, high: number) => z.coerce.number().int().min(low).max(high)
const flag = z.union([z.boolean(), z.stringbool()])

const names = z.union([
  z.array(z.string().min(1)),
  z.string().transform((text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  ),
])

const clockDefaults = clockSettings.parse(undefined)
/** Minutes, or `none`. */
const minutes = z.union([z.literal('none').transform(() => null), z.null(), z.coerce.number().positive().max(525_600)], {
  error: 'minutes above 0, or none',
})
const clocks = (clock: 'acknowledgeMinutes' | 'containMinutes', what: string) =>
  z
    .strictObject(
      Object.fromEntries(
        severities.map((severity) => [
          severity,
          minutes.default(clockDefaults[severity][clock]).describe(`minutes until a ${severity} alert has to be ${what}; none: no clock`),
        ]),
      ) as unknown as Record<Severity, z.ZodDefault<typeof minutes>>,
    )
    .prefault({})

/** Every setting, with its default. A key's path is its name in YAML, in a flag (`mqtt.port` is `--mqtt-port`) and in the environment (`WARDWATCH_MQTT_PORT`). */
export const configSchema = z.strictObject({
  data: z.string().min(1).default('wardwatch-data').describe('directory of everything that is kept'),
  keyFile: z
    .string()
    .optional()
    .describe(
      'file with the 32-byte master key in hex, mode 0600; default: master.key in the data directory. WARDWATCH_KEY goes before it',
    ),
  site: siteId.default('hospital').describe("the platform's name in its CA's certificate"),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('how much is logged'),
  runtime: runtime.optional().describe('one runtime for every role; default: edge and detect on Bun, hub on Node'),
  mqtt: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('address that devices connect to; 0.0.0.0 for all'),
      port: port.default(8883).describe('port of MQTT over TLS; 0 takes a free one'),
      names: names.default(['localhost', '127.0.0.1']).describe("names and addresses in the broker's certificate, separated by commas"),
      workers: whole(1, 64).default(1).describe('edge processes that share the port'),
    })
    .prefault({}),
  desk: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('address of the console and the API; 0.0.0.0 for all. TLS on every address but loopback'),
      port: port.default(8480).describe('port of the console and the API; 0 takes a free one'),
      names: names
        .default(['localhost', '127.0.0.1'])
        .describe('names and addresses that the desk is called by, separated by commas: others are refused; the first one stands in links'),
      certificateFile: z.string().optional().describe("PEM with the desk's own certificate and chain; default: one from the platform's CA"),
      keyFile: z.string().optional().describe('PEM with its private key'),
      sessionHours: z.coerce.number().min(0.1).max(720).default(24).describe('how long a sign-in is good, hours'),
      idleHours: z.coerce.number().min(0.1).max(720).default(8).describe('how long a session may rest before it ends, hours'),
      linkHours: z.coerce
        .number()
        .min(0.1)
        .max(168)
        .default(24)
        .describe('how long a one-time link is good, hours; the one of the first start: 1'),
    })
    .prefault({}),
  triage: z
    .strictObject({
      acknowledgeMinutes: clocks('acknowledgeMinutes', 'acknowledged'),
      containMinutes: clocks('containMinutes', 'contained'),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      port: port.default(9464).describe('loopback port of /metrics, /healthz and /readyz; 0 takes a free one'),
    })
    .prefault({}),
  log: z
    .strictObject({
      retentionHours: z.coerce.number().min(0.01).max(87_600).default(72).describe('how long the log keeps records, hours'),
      retentionGigabytes: z.coerce.number().min(0.05).max(100_000).default(20).describe('how much a topic of the log keeps, GB'),
    })
    .prefault({}),
  store: z
    .strictObject({
      kind: z
        .enum(['embedded', 'server'])
        .default('embedded')
        .describe("embedded: ClickHouse's engine in the hub, in the data directory; server: a ClickHouse server (docs/clickhouse.md)"),
      url: z
        .string()
        .regex(/^https?:\/\/[^@/?#]+\/?$/, 'https://host:8443 or http://host:8123, without a user, a path or a query')
        .optional()
        .describe("the server's HTTP interface"),
      user: z.string().min(1).default('default').describe('user of the server'),
      passwordFile: z.string().optional().describe('file with its password'),
      caFile: z.string().optional().describe("PEM of the CA of the server's certificate; default: the system's"),
      plaintext: flag.default(false).describe('allows http:// to another host: the password and all readings travel in clear'),
      database: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "letters, digits and '_'")
        .default('wardwatch')
        .describe('database on the server'),
      migrate: flag
        .default(true)
        .describe("whether this node makes and changes the server's tables; false: it waits until 'wardwatch clickhouse migrate' has"),
      cluster: z
        .string()
        .regex(/^[\w.-]{1,64}$/, "letters, digits, '.', '_' and '-'")
        .optional()
        .describe('name of the cluster for ON CLUSTER; default: a single server, or a Replicated database'),
      replicated: flag.default(false).describe('whether tables are made with Replicated engines'),
      compression: z.enum(['none', 'gzip', 'zstd']).default('zstd').describe('of what goes to the server and comes from it'),
      connectionsMax: whole(1, 64)
        .default(4)
        .describe('connections to the server: so many each for landing, for the platform and for people'),
      timeoutSeconds: whole(1, 3_600).default(60).describe('an insert that takes longer is tried again, seconds'),
      encrypted: flag.default(true).describe('whether the embedded engine keeps its data on an encrypted disk'),
      readingsDays: whole(1, 36_500).default(90).describe('how long readings are kept, days'),
      minutesDays: whole(1, 36_500).default(730).describe('how long the per-minute roll-up of readings is kept, days'),
      sessionsDays: whole(1, 36_500).default(365).describe('how long sessions and postures are kept, days'),
      findingsDays: whole(1, 36_500).default(1_095).describe('how long findings are kept, days'),
      deadLettersDays: whole(1, 36_500).default(30).describe('how long dead letters are kept, days'),
    })
    .prefault({}),
  edge: z
    .strictObject({
      memoryMegabytesMax: whole(128, 65_536).default(2_048).describe('an edge above this is restarted, MB'),
    })
    .prefault({}),
  limits: z.record(z.string(), z.coerce.number()).default({}).describe("the edge's guards: docs/settings.md lists them"),
  detectors: z.record(z.string(), z.record(z.string(), z.unknown())).default({}).describe('parameters by detector id'),
  bridges: z
    .array(
      z.strictObject({
        name: siteId,
        url: z.string().regex(/^mqtts?:\/\//, 'mqtt:// or mqtts://'),
        subscription: z.string().min(1),
        topicPattern: z.string().min(1),
        model: z.string().default('unknown'),
        username: z.string().optional(),
        passwordFile: z.string().optional(),
        caFile: z.string().optional(),
        certificateFile: z.string().optional(),
        keyFile: z.string().optional(),
      }),
    )
    .default([])
    .describe('other brokers to read from'),
})
export type Config = z.infer<typeof configSchema>

/** A leaf that has a flag and an environment variable. */
export interface Setting {
  readonly path: readonly string[]
  readonly flag: string
  readonly variable: string
  readonly description: string
}

const kebab = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const settingsOf = (shape: Readonly<Record<string, z.ZodType>>, above: readonly string[]): Setting[] =>
  Object.entries(shape).flatMap(([name, schema]) => {
    const path = [...above, name]
    const inner = schema instanceof z.ZodPrefault ? schema.def.innerType : schema
    if (inner instanceof z.ZodObject) return settingsOf(inner.shape, path)
    if (name === 'limits' || name === 'detectors' || name === 'bridges') return []
    const words = kebab(path.join('-'))
    const variable = `WARDWATCH_${words.replaceAll('-', '_').toUpperCase()}`
    return [{ path, flag: words, variable, description: schema.description ?? '' }]
  })

export const settings: readonly Setting[] = settingsOf(configSchema.shape, [])

export type Loaded = { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly problem: string }

interface Sources {
  /** Values of flags by their names; `set` holds `path=value` pairs. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
  readonly set?: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly file?: string
  readonly defaults?: Readonly<Record<string, unknown>>
}

/** Flags go before the environment, that before the YAML file, that before the defaults. A problem names the key, the value and what is allowed. */
export const loadConfig = ({ flags, set = [], environment, file, defaults = {} }: Sources): Loaded => {
  const raw: Record<string, unknown> = structuredClone(defaults)
  const origin = new Map<string, string>()
  if (file !== undefined) {
    const read = readYaml(file)
    if (!read.ok) return read
    merge(raw, read.value)
  }
  for (const setting of settings) {
    const fromEnvironment = environment[setting.variable]
    const fromFlag = flags[setting.flag]
    const value = fromFlag ?? fromEnvironment
    if (value === undefined) continue
    put(raw, setting.path, value)
    origin.set(setting.path.join('.'), fromFlag === undefined ? setting.variable : `--${setting.flag}`)
  }
  for (const pair of set) {
    const at = pair.indexOf('=')
    if (at < 1) return { ok: false, problem: `--set ${pair}: it takes KEY=VALUE, for example limits.packetBytesMax=65536` }
    const path = pair.slice(0, at).split('.')
    const text = pair.slice(at + 1)
    // A detector's parameters have types of their own.
    put(raw, path, path[0] === 'detectors' ? typed(text) : text)
    origin.set(path.join('.'), '--set')
  }
  const parsed = configSchema.safeParse(raw)
  if (parsed.success && parsed.data.mqtt.workers > 1 && parsed.data.mqtt.port === 0)
    return { ok: false, problem: 'mqtt.port: 0 is not allowed with several mqtt.workers: they share one port, so name it' }
  if (parsed.success && (parsed.data.desk.certificateFile === undefined) !== (parsed.data.desk.keyFile === undefined))
    return { ok: false, problem: 'desk.certificateFile and desk.keyFile: one is not allowed without the other' }
  const storeProblem = parsed.success ? storeProblemOf(parsed.data) : null
  if (storeProblem !== null) return { ok: false, problem: storeProblem }
  if (parsed.success) return { ok: true, config: parsed.data }
  return { ok: false, problem: parsed.error.issues.map((issue) => describeIssue(issue, raw, origin)).join('; ') }
}

const storeProblemOf = ({ store: { kind, url, plaintext } }: Config): string | null => {
  if (kind === 'embedded') return url === undefined ? null : 'store.url: it is for store.kind server'
  if (url === undefined) return 'store.url: store.kind server needs it'
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || plaintext || isLoopback(hostname.replace(/^\[|\]$/g, ''))
    ? null
    : 'store.url: http:// to another host is not allowed: use https://, or store.plaintext'
}

const typed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const readYaml = (file: string): { ok: true; value: Record<string, unknown> } | { ok: false; problem: string } => {
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'), { maxAliasCount: 16 })
    if (value === null) return { ok: true, value: {} }
    if (typeof value !== 'object' || Array.isArray(value)) return { ok: false, problem: `${file}: it must be a mapping of settings` }
    return { ok: true, value: value as Record<string, unknown> }
  } catch (error) {
    return { ok: false, problem: `${file}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}` }
  }
}

const describeIssue = (issue: z.core.$ZodIssue, raw: unknown, origin: ReadonlyMap<string, string>): string => {
  const path = issue.path.map(String)
  const from = origin.get(path.join('.'))
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], raw)
  const key = `${path.join('.') || 'settings'}${from === undefined ? '' : ` (${from})`}`
  if (issue.code === 'unrecognized_keys') return `${key}: unknown setting ${issue.keys.join(', ')}`
  // An address may have been given with a password in it.
  const shown = JSON.stringify(value)?.replaceAll(/\/\/[^/"]*@/g, '//***@')
  return `${key}: ${shown} is not allowed: ${allowed(issue)}`
}

const allowed = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  if (issue.code === 'too_small') return `at least ${issue.minimum}`
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`
  return issue.message
}

const put = (target: Record<string, unknown>, path: readonly string[], value: unknown): void => {
  let at = target
  for (const key of path.slice(0, -1)) {
    if (key === '__proto__') return
    const next = at[key]
    at = (at[key] = next !== null && typeof next === 'object' ? next : {}) as Record<string, unknown>
  }
  at[path.at(-1)!] = value
}

const merge = (target: Record<string, unknown>, from: Readonly<Record<string, unknown>>): void => {
  for (const [key, value] of Object.entries(from)) {
    const before = target[key]
    const both = [before, value].every((side) => side !== null && typeof side === 'object' && !Array.isArray(side))
    if (both) merge(before as Record<string, unknown>, value as Record<string, unknown>)
    else target[key] = value
  }
}

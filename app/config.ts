import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { parseAddressList } from '../broker/address-list.ts'
import { severities, type Severity } from '../contracts/finding.ts'
import { siteId } from '../contracts/identifiers.ts'
import { isLoopback } from './desk/loopback.ts'
import { clockSettings } from '../triage/clocks/settings.ts'
import { kafkaLogProblem } from './kafka-log-problem.ts'
import { roleNames, roleSetProblem, sharedOf } from './role-set.ts'
import { serverNamesFault } from './server-names.ts'

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

/** What was mistyped would stand in a certificate, or in links. */
const serverNames = names.refine((given) => serverNamesFault(given) === null, {
  error: ({ input }) => serverNamesFault(input as string[])!,
})

/** As a browser writes it in `Origin`. */
const httpsOrigin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text && text.startsWith('https://'), {
  error: 'an origin such as https://wardwatch.hospital.example, without a path',
})
const httpsOrigins = names.pipe(z.array(httpsOrigin))

/** An offset such as `+02:00` would be one too for the engine, but it knows no summer. */
const isTimeZone = (name: string): boolean => {
  try {
    return !/^[+-]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

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
  roles: names
    .pipe(z.array(z.enum(roleNames)).min(1))
    .default([...roleNames])
    .describe('what runs here, separated by commas: edge, detect, sink, desk, bridge. Fewer than all of them need a shared log'),
  node: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/, 'letters, digits, dots and hyphens, 63 at most')
    .optional()
    .describe("this machine's name among those that share a log; default: the host's name there"),
  runtime: runtime.optional().describe('one runtime for every role; default: edge and detect on Bun, hub on Node'),
  mqtt: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('address that devices connect to; 0.0.0.0 for all'),
      port: port.default(8883).describe('port of MQTT over TLS; 0 takes a free one'),
      names: serverNames
        .default(['localhost', '127.0.0.1'])
        .describe("names and addresses in the broker's certificate, separated by commas"),
      certificateFile: z
        .string()
        .optional()
        .describe(
          "PEM with the edge's own certificate and chain; default: one from the platform's CA, which only a machine with a desk has",
        ),
      keyFile: z.string().optional().describe('PEM with its private key'),
      caFile: z.string().optional().describe("PEM with the CA of the devices, for the edge's own certificate"),
      workers: whole(1, 64).default(1).describe('edge processes that share the port'),
      proxyFrom: names
        .default([])
        .describe(
          'load balancers before the edge: addresses or networks, separated by commas, that have to tell the source of each connection by the PROXY protocol version 2',
        ),
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
      names: serverNames
        .default(['localhost', '127.0.0.1'])
        .describe('names and addresses that the desk is called by, separated by commas: others are refused; the first one stands in links'),
      publicOrigins: httpsOrigins
        .default([])
        .describe(
          'where browsers see the desk behind a proxy that ends TLS, e.g. https://wardwatch.hospital.example, separated by commas; the first one stands in links',
        ),
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
      printLink: flag
        .default(true)
        .describe('whether the start prints the one-time link of the first start; false where its output is kept, as in a container'),
    })
    .prefault({}),
  triage: z
    .strictObject({
      acknowledgeMinutes: clocks('acknowledgeMinutes', 'acknowledged'),
      containMinutes: clocks('containMinutes', 'contained'),
    })
    .prefault({}),
  paging: z
    .strictObject({
      timeZone: z
        .string()
        .refine(isTimeZone, { error: 'a time zone as IANA names it, for example Europe/Berlin' })
        .optional()
        .describe("time zone of the paging rules' hours, e.g. Europe/Berlin; default: the system's"),
      stormAlerts: whole(1, 200)
        .default(20)
        .describe('alerts that one paging channel is told of one by one within paging.stormMinutes; more are told together'),
      stormMinutes: z.coerce
        .number()
        .min(1)
        .max(60)
        .default(5)
        .describe('minutes for paging.stormAlerts; one page for many at most so often'),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe(
          'address of /metrics, /healthz and /readyz, without sign-in: an inner network at most. /status answers this machine only',
        ),
      port: port.default(9464).describe('their port; 0 takes a free one'),
      certificateFile: z.string().optional().describe('PEM with a certificate and its chain: they are spoken over TLS then'),
      keyFile: z.string().optional().describe('PEM with its private key'),
    })
    .prefault({}),
  log: z
    .strictObject({
      kind: z.enum(['lmdb', 'kafka']).default('lmdb').describe('where the log is: embedded in the data directory, or on Apache Kafka'),
      keyFile: z
        .string()
        .optional()
        .describe(
          "file with the log's own key in hex, mode 0600, for a machine that is not to have the master key; `wardwatch kafka key` prints it. While it is changed: a line each, the first seals, all of them open",
        ),
      kafka: z
        .strictObject({
          brokers: names.default([]).describe('some of the Kafka brokers as host:port, separated by commas'),
          topicPrefix: z
            .string()
            .regex(/^[A-Za-z0-9._-]{0,64}$/, 'letters, digits, dots, underscores and hyphens, 64 at most')
            .default('')
            .describe('put before the names of topics and groups, for a cluster that is shared'),
          tls: flag.default(true).describe('whether Kafka is spoken to over TLS'),
          caFile: z.string().optional().describe("PEM with the CA of the brokers' certificates; default: the system's authorities"),
          certificateFile: z.string().optional().describe('PEM with a client certificate, where the brokers want one'),
          keyFile: z.string().optional().describe('PEM with its private key'),
          sasl: z
            .enum(['none', 'scram-sha-512', 'plain'])
            .default('none')
            .describe('how this machine proves who it is; plain only over TLS'),
          username: z.string().min(1).optional().describe('user of SASL'),
          passwordFile: z.string().optional().describe('file with its password'),
          createTopics: flag
            .default(false)
            .describe(
              'whether missing topics are created at the start: the user needs the right to; `wardwatch kafka topics` is the other way',
            ),
          replicationFactor: whole(1, 9).default(3).describe('copies of each topic that is created'),
          minInsyncReplicas: whole(1, 9).default(2).describe('copies that must have a record before it is acknowledged'),
          sessionSeconds: whole(2, 300)
            .default(10)
            .describe('a detect, sink or desk that is not heard of for so long loses its partitions, seconds'),
          lingerMs: whole(0, 1_000).default(10).describe('the longest that a record waits for company before it is sent, ms'),
          giveUpSeconds: whole(1, 600)
            .default(10)
            .describe(
              'after so long without an answer, what is certain not to be in Kafka is refused to its writer, who tries again, seconds',
            ),
        })
        .prefault({}),
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
  const own = parsed.success ? [parsed.data.mqtt.certificateFile, parsed.data.mqtt.keyFile, parsed.data.mqtt.caFile] : []
  if (own.some((file) => file !== undefined) && own.includes(undefined))
    return { ok: false, problem: 'mqtt.certificateFile, mqtt.keyFile and mqtt.caFile: one is not allowed without the others' }
  if (parsed.success && (parsed.data.desk.certificateFile === undefined) !== (parsed.data.desk.keyFile === undefined))
    return { ok: false, problem: 'desk.certificateFile and desk.keyFile: one is not allowed without the other' }
  if (parsed.success && (parsed.data.metrics.certificateFile === undefined) !== (parsed.data.metrics.keyFile === undefined))
    return { ok: false, problem: 'metrics.certificateFile and metrics.keyFile: one is not allowed without the other' }
  const proxies = parseAddressList(parsed.success ? parsed.data.mqtt.proxyFrom : [])
  if (!proxies.ok) return { ok: false, problem: `mqtt.proxyFrom: ${proxies.problem}` }
  const cannot = parsed.success ? roleSetProblem(parsed.data, sharedOf(parsed.data)) : null
  if (cannot !== null) return { ok: false, problem: cannot }
  const noKafka = parsed.success ? kafkaLogProblem(parsed.data) : null
  if (noKafka !== null) return { ok: false, problem: noKafka }
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
  const path: string[] = []
  let value = raw
  for (const key of issue.path) {
    // A list that was given as one text is told as that text.
    if (typeof value === 'string') break
    path.push(String(key))
    value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  }
  const from = origin.get(path.join('.'))
  const key = `${path.join('.') || 'settings'}${from === undefined ? '' : ` (${from})`}`
  if (issue.code === 'unrecognized_keys') return `${key}: unknown setting ${issue.keys.join(', ')}`
  // An address may have been given with a password in it.
  const shown = JSON.stringify(value)?.replaceAll(/\/\/[^"]*@/g, '//***@')
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

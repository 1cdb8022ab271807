import { uplinkTopic } from '../../contracts/mqtt-topics.ts'
import { type Connection, type Credentials, openConnection, secureContextOf } from '../../simulators/mqtt-connection.ts'

/** Texts that would do something where they are not kept as text. A script that runs sets `window.__pwned`, or asks by a dialog. */
export const hostileTexts = [
  '<script>window.__pwned=1;alert(1)</script>',
  '"><img src=x onerror="window.__pwned=2;alert(2)">',
  "'><svg/onload=window.__pwned=3>",
  '</title></textarea></style><iframe srcdoc="<script>parent.__pwned=4</script>">',
  'javascript:window.__pwned=5//',
  "'; DROP TABLE readings; --",
  "' OR '1'='1' UNION SELECT * FROM system.users --",
  '${window.__pwned=7}{{constructor.constructor("window.__pwned=7")()}}<%= 7*7 %>#{7*7}',
  '\u202egnp.exe\u2066\u200b\u{E0041}',
  '\u001b[2J\u001b]0;pwned\u0007\u0085\r\nset-cookie: a=b\r\n\r\n<h1>x</h1>',
  '__proto__',
  'constructor.prototype.__pwned',
  '../../../../etc/passwd%00',
  '=cmd|"/c calc"!A1',
  `${'W'.repeat(200)}<b onmouseover=alert(1)>${'\u0301'.repeat(30)}`,
] as const

/** Names that the decoder takes for a device's own vital, and that would be something else to a careless reader. */
export const oddVitals = {
  constructor: 1,
  toString: 2,
  prototype: 3,
  'javascript:alert(1)': 4,
  '1) OR (1': 5,
  'x.y/../z%00 --': 6,
  ['V'.repeat(64)]: 7,
} as const

/** Names that it does not take: the message is a dead letter, and its device goes on. */
export const refusedVitals = [
  '__proto__',
  '<img src=x onerror=alert(1)>',
  "hr'] FROM system.tables --",
  '\u202ehr',
  'v'.repeat(65),
  '',
] as const

export interface HostileDevice {
  readonly device: string
  readonly site: string
  readonly credentials: Credentials
  /** What it says of itself, and where it tries to publish. */
  readonly text: string
}

const published = (connection: Connection, topic: string, payload: string | Buffer): Promise<void> =>
  new Promise((resolve) => {
    // A denied publish ends the connection, or is never answered.
    const timer = setTimeout(resolve, 500)
    connection.publish(topic, Buffer.from(payload), false, () => {
      clearTimeout(timer)
      resolve()
    })
  })

/** An enrolled device that turns on its hospital: it puts a text wherever it may, and where it may not. */
export const misbehave = async (mqttPort: number, { device, site, credentials, text }: HostileDevice): Promise<void> => {
  const secureContext = secureContextOf(credentials)
  const connect = (clientId: string, will?: { topic: string; payload: Buffer }) =>
    openConnection({
      host: '127.0.0.1',
      port: mqttPort,
      serverName: 'localhost',
      clientId,
      credentials,
      secureContext,
      keepAliveSeconds: 30,
      connectTimeoutMs: 10_000,
      ...(will === undefined ? {} : { will }),
    })
  // Its certificate under another client id: refused, and told on its page.
  const refused = await connect(text)
  if (refused.ok) throw new Error(`${device} was let in as ${text}`)
  const first = await connect(device, { topic: uplinkTopic(site, device, 'status'), payload: Buffer.from(text) })
  if (!first.ok) throw new Error(first.detail)
  const say = (leaf: 'telemetry' | 'event', message: unknown): Promise<void> =>
    published(first.connection, uplinkTopic(site, device, leaf), typeof message === 'string' ? message : JSON.stringify(message))
  const reading = { fw: text, boot: text, bat: 50 }
  const now = Date.now()
  await say('telemetry', { ...reading, ts: now - 1_000, seq: 1, vitals: { hr: 70, ...oddVitals } })
  // Written by hand: an object of ours could not carry such a name.
  for (const [i, name] of refusedVitals.entries())
    await say('telemetry', `{"ts":${now},"seq":${i + 2},"__proto__":{"fw":1},"vitals":{${JSON.stringify(name)}:1}}`)
  await say('telemetry', [{ bn: text, n: text, u: text, vs: text }])
  await say('event', { ts: now, event: 'login', subject: text, from: text, to: text, actor: text })
  await say('event', text)
  await say('telemetry', text)
  // The last word is a good reading: a page of the device shows this one.
  await say('telemetry', { ...reading, ts: now, seq: 99, vitals: { hr: 71, ...oddVitals } })
  first.connection.destroy()
  // Topics of others, named by the text: denied, until that is topic abuse.
  for (let i = 0; i < 3; i++) {
    const again = await connect(device)
    if (!again.ok) throw new Error(again.detail)
    await published(again.connection, `v1/${site}/other/${text}`, text)
    await again.connection.subscribe(`v1/+/${text}/#`)
    again.connection.destroy()
  }
}

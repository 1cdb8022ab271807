import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Alert, alertState } from '../../contracts/alert.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { CommandRecord } from '../../contracts/command.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { DeviceRecord } from '../../contracts/registry.ts'
import { accountName, role } from '../../contracts/api/access.ts'
import type { Desk } from '../desk/start-desk.ts'
import type { DeskStanding } from '../../dashboards/api/parts.ts'
import type { Authority } from '../../registry/authority.ts'
import { enrolDevice, listDevices, revokeDevice } from '../../registry/enrol.ts'
import type { Directory } from '../../registry/fold.ts'
import { type Analyst, analystFormats } from '../../store/query/read-only-query.ts'
import type { Sink } from '../../store/sink.ts'
import type { Triage } from '../../triage/start-triage.ts'
import { verifyChain } from '../../triage/verify/verify-chain.ts'
import { issueServerCertificate } from '../issue-certificate.ts'
import { serverNamesFault } from '../server-names.ts'
import { operation, OperationRefused, type Operations } from './server.ts'

export interface ControlParts {
  readonly log: EventLog
  readonly analyst: Analyst
  /** Null where another process lands. */
  readonly sink: Pick<Sink, 'stats'> | null
  readonly triage: Triage
  readonly desk: Desk
  readonly standing: DeskStanding
  readonly directory: Directory
  readonly authority: Authority
  readonly clock: Clock
  readonly mqttPort: number
}

const text = z.string().min(1).max(256)
const enrolment = z.strictObject({
  device: text,
  site: text,
  ward: z.string().max(64).default(''),
  model: z.string().min(1).max(64).default('unknown'),
  firmware: z.string().max(64).exactOptional(),
  csrPem: z.string().max(16_384).exactOptional(),
  password: z.string().exactOptional(),
  again: z.enum(['renew', 'add']).exactOptional(),
  reinstate: z.boolean().exactOptional(),
})

/** What `wardwatch` may ask of the platform that runs. */
export const controlOperations = ({
  log,
  analyst,
  sink,
  triage,
  desk,
  standing,
  directory,
  authority,
  clock,
  mqttPort,
}: ControlParts): Operations => {
  /** What changes something is for the desk that leads. */
  const changing: typeof operation = (body, answer) =>
    operation(body, (request, signal) => {
      if (!standing.leads()) throw new OperationRefused(onlyReads(standing.leader()))
      return answer(request, signal)
    })
  return {
    enrol: changing(enrolment, async (request) => enrolDevice({ log, directory, authority, clock }, request)),
    'enrol-many': changing(z.strictObject({ devices: z.array(enrolment).max(1_000) }), async ({ devices }) => ({
      results: await Promise.all(devices.map((request) => enrolDevice({ log, directory, authority, clock }, request))),
    })),
    revoke: changing(z.strictObject({ device: text, reason: z.string().max(256).default('revoked by hand') }), async (request) =>
      revokeDevice({ log, directory, clock }, request),
    ),
    'server-certificate': operation(z.strictObject({ names: z.array(z.string()) }), ({ names }) => {
      const fault = serverNamesFault(names)
      if (fault !== null) throw new OperationRefused(fault)
      return issueServerCertificate(authority, names)
    }),
    devices: operation(z.strictObject({}), async () => ({ devices: listDevices(directory).map(withoutSecrets) })),
    command: changing(
      z.strictObject({ device: text, payload: z.string().max(16_384), expiresInMs: z.int().min(1_000).max(86_400_000).default(3_600_000) }),
      async ({ device, payload, expiresInMs }) => {
        const record = directory.device(device)
        if (record === undefined || record.status !== 'enrolled') return { ok: false, problem: `${device} is not enrolled` }
        const issuedAt = clock.now()
        const issued: CommandRecord = {
          type: 'issued',
          command: { id: randomUUID(), device, site: record.site, payload, issuedAt, expiresAt: issuedAt + expiresInMs },
        }
        await log.append('commands.v1', [{ key: device, value: Buffer.from(JSON.stringify(issued)) }])
        return { ok: true, id: issued.command.id }
      },
    ),
    alerts: operation(
      z.strictObject({ limit: z.int().min(1).max(10_000).default(1_000), states: z.array(alertState).exactOptional() }),
      async ({ limit, states }) => ({ alerts: triage.newest(limit, states) }),
    ),
    verify: operation(z.strictObject({}), async () => verifyChain(log)),
    'first-link': operation(z.strictObject({}), async () => ({ url: desk.url, link: await desk.firstLink() })),
    'account-link': changing(z.strictObject({ account: accountName }), ({ account }) => desk.link(account)),
    'account-add': changing(
      z.strictObject({ account: accountName, displayName: z.string().min(1).max(64), role }),
      async ({ account, displayName, role }) => {
        const made = await desk.accounts.people.create('wardwatch', { account, displayName, role })
        return made.ok ? desk.link(account) : { ok: false, detail: made.detail }
      },
    ),
    'account-list': operation(z.strictObject({}), async () => ({ accounts: desk.accounts.people.list() })),
    // The first line of the answer is the columns, as JSON; the rows follow.
    query: operation(
      z.strictObject({
        sql: z.string().min(1).max(100_000),
        format: z.enum(analystFormats).default('JSONEachRow'),
        rowsMax: z.int().min(1).max(10_000_000).default(10_000),
      }),
      (question) => queryPieces(analyst, question),
    ),
    watch: operation(z.strictObject({}), (_body, signal) => alertLines(triage, signal)),
    status: operation(z.strictObject({}), async () => ({
      mqttPort,
      deskUrl: desk.url,
      leads: standing.leads(),
      leader: standing.leader(),
      devices: directory.size,
      sink: sink?.stats() ?? null,
      triage: triage.stats(),
      alerts: triage.size,
    })),
  }
}

const onlyReads = (leader: string | null): string =>
  `this desk only reads: ${leader === null ? 'none leads right now, one will in a moment' : `ask on the machine of the one that leads, ${leader}`}`

const withoutSecrets = ({ passwordHash, ...record }: DeviceRecord) => ({
  ...record,
  signsIn: passwordHash === null ? 'certificate' : 'password',
})

const queryPieces = async function* (
  analyst: Analyst,
  { sql, format, rowsMax }: { sql: string; format: (typeof analystFormats)[number]; rowsMax: number },
): AsyncGenerator<string | Uint8Array> {
  const answer = await analyst.ask(sql, { format, rowsMax })
  if (!answer.ok) throw new OperationRefused(answer.detail)
  yield `${JSON.stringify(answer.columns)}\n`
  yield* answer.pieces
}

const waitingAlertsMax = 10_000

/** Every alert as it stands, then each change, one JSON line each. A slow reader misses intermediate changes, never the newest. */
const alertLines = async function* (triage: Triage, signal: AbortSignal): AsyncGenerator<string> {
  const waiting = new Map<string, Alert>()
  let wake = (): void => {}
  const stop = triage.onEvent((_event, alert) => {
    if (alert === null) return
    waiting.delete(alert.id)
    if (waiting.size < waitingAlertsMax) waiting.set(alert.id, alert)
    wake()
  })
  signal.addEventListener('abort', () => wake(), { once: true })
  try {
    // The answer begins before there is any alert.
    yield '\n'
    for (const alert of triage.newest(Infinity).toReversed()) yield `${JSON.stringify(alert)}\n`
    while (!signal.aborted) {
      const lines = [...waiting.values()].map((alert) => `${JSON.stringify(alert)}\n`)
      waiting.clear()
      if (lines.length > 0) yield lines.join('')
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    stop()
  }
}

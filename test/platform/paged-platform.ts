import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enrolSimulated } from '../../app/simulated-credentials.ts'
import type { Page } from '../../contracts/api/paging.ts'
import { type HttpReceiver, startHttpReceiver, status } from '../../triage/notify/testing/http-receiver.ts'
import { wrestSession } from './clone.ts'
import { type DeskClient, signInAsAdmin } from './desk-client.ts'
import { freePort } from './free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform-process.ts'
import { createRogue } from './rogue.ts'
import { until } from './until.ts'

/** A page as it came in. */
export interface Arrived {
  readonly channel: string
  readonly key: string
  readonly device: string
  readonly alert: string
  readonly severity: string
  /** From the finding's time to the page's arrival, ms. */
  readonly afterMs: number
}

export interface PagedPlatform {
  readonly platform: PlatformProcess
  readonly admin: DeskClient
  readonly receiver: HttpReceiver
  /** Everything that came in with a right signature, oldest first; a wrong one throws in `untilPaged`. */
  readonly arrived: readonly Arrived[]
  /** A stranger's certificate: a high finding. */
  knock(name: string): Promise<void>
  /** A cloned identity: a critical finding about one of the devices `mon-1` to `mon-4`. */
  clone(device: string): Promise<void>
  /** The pages about a device that came in at a channel, once there are so many. */
  untilPaged(device: string, channel?: string, times?: number): Promise<readonly Arrived[]>
  pages(): Promise<readonly Page[]>
  /** Called with each page before it is answered, until it answers false; then 200 is. */
  onPage(take: ((page: Arrived) => boolean) | null): void
  stop(): Promise<void>
}

const secrets: Record<string, string> = { night: 'night & <secret>', chief: 'the chief’s secret' }
/** Of the second step, when nobody has acknowledged: 3 s. */
export const escalationMinutes = 0.05

/** A whole platform that pages a real HTTP server: critical and high to `night` at once, critical to `chief` when nobody acknowledges. */
export const startPagedPlatform = async (): Promise<PagedPlatform> => {
  const data = mkdtempSync(join(tmpdir(), 'ww-paging-'))
  const receiver = await startHttpReceiver()
  const mqttPort = await freePort()
  const platform = await startPlatformProcess({ data, mqttPort, flags: ['--log-level', 'error'] })
  const admin = await signInAsAdmin(platform)
  for (const [id, secret] of Object.entries(secrets))
    await admin.put(`/notifiers/${id}`, { title: id, enabled: true, settings: { kind: 'webhook', url: `${receiver.url}/${id}`, secret } })
  const rule = { enabled: true, sites: [], hours: null }
  const steps = [
    { notifiers: ['night'], afterMinutes: 0 },
    { notifiers: ['chief'], afterMinutes: escalationMinutes },
  ]
  const { version } = await admin.get<{ version: number }>('/paging-rules')
  await admin.put(
    '/paging-rules',
    {
      rules: [
        { ...rule, id: 'critical', title: 'critical', severities: ['critical'], steps },
        { ...rule, id: 'high', title: 'high', severities: ['high'], steps: steps.slice(0, 1) },
      ],
    },
    version,
  )
  const devices = ['mon-1', 'mon-2', 'mon-3', 'mon-4'].map((device) => ({ device, site: 'north', ward: 'icu', model: 'test' }))
  const enrolled = await enrolSimulated(data, devices, () => {})
  if (!enrolled.ok) throw new Error(enrolled.problem)
  const knock = await createRogue(mqttPort, readFileSync(join(data, 'ca.crt'), 'utf8'))

  const arrived: Arrived[] = []
  const forged: string[] = []
  let take: ((page: Arrived) => boolean) | null = null
  receiver.answer((response, one) => {
    const arrivedAt = Date.now()
    const channel = one.path.slice(1)
    const timestamp = String(one.headers['wardwatch-timestamp'])
    const expected = createHmac('sha256', secrets[channel] ?? '')
      .update(`${timestamp}.${one.body}`)
      .digest('hex')
    if (one.headers['wardwatch-signature'] !== `v1=${expected}` || Math.abs(arrivedAt / 1_000 - Number(timestamp)) > 5)
      forged.push(`${one.path} ${one.body}`)
    const { alert } = JSON.parse(one.body) as { alert: { id: string; device: string; severity: string; lastSeen: string } }
    const page = {
      channel,
      key: String(one.headers['idempotency-key']),
      device: alert.device,
      alert: alert.id,
      severity: alert.severity,
      afterMs: arrivedAt - Date.parse(alert.lastSeen),
    }
    arrived.push(page)
    if (take?.(page) !== true) status(200)(response, one)
  })

  return {
    platform,
    admin,
    receiver,
    arrived,
    knock,
    clone: (device) => wrestSession(mqttPort, device, enrolled.credentials.get(device)!),
    async untilPaged(device, channel = 'night', times = 1) {
      const about = () => arrived.filter((page) => page.device === device && page.channel === channel)
      await until(`${times} page(s) about ${device} at ${channel}`, () => about().length >= times, 90_000)
      if (forged.length > 0) throw new Error(`not signed as it must be: ${forged[0]}`)
      return about()
    },
    pages: async () => (await admin.get<{ items: readonly Page[] }>('/pages')).items,
    onPage(next) {
      take = next
    },
    async stop() {
      await platform.stop()
      await receiver.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** The receiver goes away, a finding comes, and so long after it the receiver comes back: what arrived then, and what the platform says of it. */
export const outlastReceiver = async (
  { receiver, knock, untilPaged, pages, admin }: PagedPlatform,
  name: string,
  awayMs: number,
): Promise<{ readonly arrived: readonly Arrived[]; readonly page: Page; readonly attemptsWhileAway: number }> => {
  await receiver.stop()
  await knock(name)
  const pageOf = async () => {
    const { items } = await admin.get<{ items: readonly { id: string }[] }>(`/alerts?device=${name}`)
    return (await pages()).find(({ alert }) => alert === items[0]?.id)
  }
  await until('a failed attempt', async () => ((await pageOf())?.attempts ?? 0) > 0)
  await new Promise((resolve) => setTimeout(resolve, awayMs))
  const attemptsWhileAway = (await pageOf())!.attempts
  await receiver.start()
  await untilPaged(name)
  await until('the page recorded as sent', async () => (await pageOf())?.state === 'sent')
  // Another page through the same channel: had the first one been sent again, it would stand before it.
  await knock(`${name}-next`)
  await untilPaged(`${name}-next`)
  return { arrived: await untilPaged(name), page: (await pageOf())!, attemptsWhileAway }
}

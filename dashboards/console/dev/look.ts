import { pathToFileURL } from 'node:url'
import type { Alert } from '../../../contracts/alert.ts'
import { systemClock } from '../../../contracts/clock.ts'
import { createApi } from '../../api/create-api.ts'
import { createFakeParts } from '../../testing/fake-parts.ts'
import { createDice } from '../../testing/sample-fleet.ts'
import { consoleDirectory } from '../build.mjs'
import { lookAlert } from './look-alerts.ts'
import { withLooks } from './look-history.ts'

export const lookPassword = 'correct horse battery'
const minuteMs = 60_000
const people = [
  ['rosa', 'Rosa Klein', 'admin'],
  ['john', 'John Doyle', 'analyst'],
  ['mona', 'Mona Okafor', 'responder'],
  ['vera', 'Vera Lind', 'viewer'],
] as const

/**
 * The desk's own server over made-up alerts in memory: to look at every screen without a platform. Its headers, roles, stream and conflicts are
 * the real ones.
 */
export const startLook = async (port: number) => {
  const clock = systemClock
  const fake = await createFakeParts({ clock, consoleDirectory, devices: 412 })
  /** Where the desk is that leads; undefined: this one does. */
  let leader: string | undefined
  const parts = {
    ...fake,
    history: withLooks(fake.history, clock),
    site: 'St. Brannoc General',
    standing: { leads: () => leader === undefined, leader: () => leader ?? null },
    pipeline() {
      const pipeline = fake.pipeline()
      return leader === undefined ? pipeline : { ...pipeline, signs: { ...pipeline.signs, readsOnly: { leader } } }
    },
  }
  const dice = createDice(7)
  const devices = [...parts.directory.devices()]
  const known: string[] = []
  const add = (openedAt: number, change: Partial<Alert> = {}) => {
    const alert = { ...lookAlert(devices, dice, known.length + 1, openedAt), ...change }
    known.push(alert.id)
    parts.desk.put(alert)
    return alert
  }
  const start = clock.now()
  for (let i = 0; i < 300; i++) add(start - Math.round((300 - i) ** 1.25 * 3.6 * 1_000) - 20_000)

  const api = await createApi(parts)
  const bound = await api.listen({ host: '127.0.0.1', port })
  for (const [account, displayName, role] of people) {
    const made = await parts.accounts.people.create('wardwatch', { account, displayName, role })
    if (!made.ok) throw new Error(made.detail)
    const signedIn = await parts.accounts.signIn.byLink(made.link.code, { address: 'look', browserSecret: null })
    if (!signedIn.ok) throw new Error('the link does not open')
    await parts.accounts.signIn.changePassword(signedIn.who, null, lookPassword, { address: 'look', browserSecret: null })
  }
  const idsOf = (every: number, from: number) => known.filter((_, at) => at % every === from)
  const old = (id: string) => start - parts.desk.alert(id)!.openedAt > 25 * minuteMs
  for (const id of idsOf(5, 1)) await parts.desk.act(id, null, 'john', { type: 'acknowledge' })
  for (const id of idsOf(9, 4)) await parts.desk.act(id, null, 'mona', { type: 'assign', owner: 'mona' })
  for (const id of idsOf(31, 4)) await parts.desk.act(id, null, 'rosa', { type: 'assign', owner: 'rosa' })
  for (const id of idsOf(17, 3))
    await parts.desk.act(id, null, 'mona', { type: 'snooze', until: start + (30 + Math.floor(dice() * 300)) * minuteMs })
  for (const id of known.filter(old).slice(0, 190))
    await parts.desk.act(id, null, dice() < 0.5 ? 'rosa' : 'john', {
      type: 'close',
      verdict: dice() < 0.6 ? 'benign-positive' : 'false-positive',
      reason: 'Calibration run in the workshop',
    })
  await parts.desk.suppress('rosa', {
    detector: 'silence',
    scope: { device: 'pump-0001' },
    reason: 'In repair until Friday',
    expiresAt: start + 86_400_000,
  })
  await parts.paging.putNotifier('rosa', 'pager', {
    title: 'On-call pager',
    enabled: true,
    settings: { kind: 'pagerduty', routingKey: 'x', url: 'https://events.pagerduty.com/v2/enqueue' },
  })
  await parts.paging.putNotifier('rosa', 'soc-channel', {
    title: 'SOC channel',
    enabled: true,
    settings: { kind: 'slack', url: 'https://hooks.slack.com/services/x' },
  })
  await parts.paging.putRules('rosa', [
    {
      id: 'critical',
      title: 'Critical, at any hour',
      enabled: true,
      severities: ['critical'],
      sites: [],
      hours: null,
      steps: [
        { notifiers: ['soc-channel', 'pager'], afterMinutes: 0 },
        { notifiers: ['pager'], afterMinutes: 10 },
      ],
    },
    {
      id: 'night',
      title: 'High, at night',
      enabled: true,
      severities: ['high'],
      sites: [],
      hours: { from: 19, to: 7 },
      steps: [{ notifiers: ['pager'], afterMinutes: 0 }],
    },
  ])

  let paused = false
  const timers = [
    setInterval(() => paused || add(clock.now()), 9_000),
    setInterval(() => {
      const alert = parts.desk.alert(known[Math.floor(dice() * known.length)]!)!
      if (!paused && alert.state !== 'closed') parts.desk.put({ ...alert, count: alert.count + 1, lastSeen: clock.now() })
    }, 1_000),
  ]
  return {
    url: `http://127.0.0.1:${bound}`,
    desk: parts.desk,
    paging: parts.paging,
    add: (change: Partial<Alert> = {}) => add(clock.now(), change),
    /** One-time address that signs in. */
    link: async (account: string): Promise<string> => {
      const made = await parts.accounts.people.link('wardwatch', account)
      if (!made.ok) throw new Error(made.detail)
      return api.signInLink(made.link, `127.0.0.1:${bound}`).url
    },
    /** From now on another desk leads, at this address; undefined: this one again. */
    follow: (url: string | undefined) => {
      leader = url
    },
    pause: (on: boolean) => {
      paused = on
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      await api.close()
    },
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const look = await startLook(Number(process.argv[2] ?? 8_480))
  for (const [account, , role] of people) process.stdout.write(`${account} (${role}): ${await look.link(account)}\n`)
  process.stdout.write(`password of each: ${lookPassword}\n`)
}

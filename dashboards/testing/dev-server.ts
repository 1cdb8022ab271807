import { fileURLToPath } from 'node:url'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createApi } from '../api/create-api.ts'
import { createFakeParts } from './fake-parts.ts'
import { createDice, sampleAlertOf } from './sample-fleet.ts'

/**
 * A desk without a platform, for working on the console: `node dashboards/testing/dev-server.ts [PORT]` (8480). 200 alerts, a new one every 8 s,
 * folded findings each second. A link for each role is printed; with the password `correct horse battery` it is opened as often as needed.
 */
const port = Number(process.argv[2] ?? 8_480)
const clock = systemClock
const alertsAtStart = 200

const parts = await createFakeParts({
  clock,
  logger: { ...silentLogger, error: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) },
  consoleDirectory: fileURLToPath(new URL('../console/dist', import.meta.url)),
})
const dice = createDice(1)
const devices = [...parts.directory.devices()]
const known: string[] = []
const add = (openedAt: number): void => {
  const alert = sampleAlertOf(devices, dice, known.length + 1, openedAt)
  known.push(alert.id)
  parts.desk.put(alert)
}
for (let i = 0; i < alertsAtStart; i++) add(clock.now() - (alertsAtStart - i) * 30_000)

const people = [
  ['admin', 'Ada Min', 'admin'],
  ['rosa', 'Rosa Klein', 'analyst'],
  ['tomas', 'Tomas Berg', 'responder'],
  ['vera', 'Vera Look', 'viewer'],
] as const
const api = await createApi(parts)
const bound = await api.listen({ host: '127.0.0.1', port })
for (const [account, displayName, role] of people) {
  const made = await parts.accounts.people.create('wardwatch', { account, displayName, role })
  if (!made.ok) throw new Error(made.detail)
  const signedIn = await parts.accounts.signIn.byLink(made.link.code, { address: 'dev', browserSecret: null })
  if (!signedIn.ok) throw new Error('the link does not open')
  await parts.accounts.signIn.changePassword(signedIn.who, null, 'correct horse battery', { address: 'dev', browserSecret: null })
  const again = await parts.accounts.people.link('wardwatch', account)
  if (again.ok) process.stdout.write(`${account} (${role}): ${api.signInLink(again.link, `127.0.0.1:${bound}`).url}\n`)
}
process.stdout.write(`password of each: correct horse battery\n`)

// Some history: what people did.
const some = (count: number, from: number) => known.slice(from, from + count).map((id) => parts.desk.alert(id)!)
for (const alert of some(20, 10)) await parts.desk.act(alert.id, null, 'rosa', { type: 'acknowledge' })
for (const alert of some(5, 40)) await parts.desk.act(alert.id, null, 'tomas', { type: 'snooze', until: clock.now() + 3_600_000 })
for (const alert of some(25, 60))
  await parts.desk.act(alert.id, null, 'rosa', { type: 'close', verdict: 'false-positive', reason: 'Calibration run' })
await parts.desk.suppress('rosa', {
  detector: 'silence',
  scope: { device: 'pump-0001' },
  reason: 'In repair',
  expiresAt: clock.now() + 86_400_000,
})

setInterval(() => add(clock.now()), 8_000)
setInterval(() => {
  const alert = parts.desk.alert(known[Math.floor(dice() * known.length)]!)!
  if (alert.state !== 'closed') parts.desk.put({ ...alert, count: alert.count + 1, lastSeen: clock.now() })
}, 1_000)

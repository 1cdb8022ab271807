import { systemClock } from '../contracts/clock.ts'
import { rulesVersion } from '../contracts/paging-desk.ts'
import { type FuzzedDesk, fuzzedChannels } from './schemathesis-server.ts'

const hourMs = 3_600_000
const onAlerts = ['acknowledgeAlert', 'assignAlert', 'snoozeAlert', 'closeAlert', 'noteAlert', 'containAlert'] as const

/** `schemathesis.toml` with ids, versions and times of what there is: chance alone would find nothing but 404s and stale versions. */
export const schemathesisConfig = ({ alerts, devices }: Pick<FuzzedDesk, 'alerts' | 'devices'>): string => {
  const dictionaries: string[] = []
  const operations: string[] = []
  const often = (name: string, values: readonly (string | number)[]): string => {
    dictionaries.push(`[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}\n`)
    return `{ dictionary = "${name}", probability = 0.8 }`
  }
  const operation = (id: string, parameters: Readonly<Record<string, string>>): void => {
    const words = Object.entries(parameters).map(([name, value]) => `"${name}" = ${value}`)
    operations.push(`[[operations]]\ninclude-operation-id = "${id}"\nparameters = { ${words.join(', ')} }\n`)
  }
  const now = systemClock.now()
  const device = often('devices', devices)
  const past = often(
    'past',
    [0, 1, 2, 3].map((n) => now - n * hourMs),
  )
  // Each has two alerts to itself: what one changes, another's version no longer fits.
  for (const [n, id] of onAlerts.entries()) {
    const own = alerts.slice(2 * n, 2 * n + 2)
    operation(id, {
      'path.id': often(
        `${id}-ids`,
        own.map((alert) => alert.id),
      ),
      'header.If-Match': often(
        `${id}-versions`,
        own.map(({ version }) => `"${version}"`),
      ),
      ...(id === 'snoozeAlert' ? { 'body.until': often('soon', [now + hourMs, now + 2 * hourMs]) } : {}),
    })
  }
  for (const id of ['alert', 'alertTimeline', 'alertSignals'])
    operation(id, {
      'path.id': often(
        `${id}-ids`,
        alerts.map((alert) => alert.id),
      ),
    })
  for (const id of ['device', 'deviceConnections']) operation(id, { 'path.device': device })
  operation('deviceVitals', { 'path.device': device, 'query.from': past, 'query.to': past })
  operation('putPagingRules', { 'header.If-Match': often('rules', [`"${rulesVersion([])}"`]) })
  // Those that are there to begin with, in the order they were made: startFuzzedDesk.
  const channels = often('channels', fuzzedChannels)
  const versions = often(
    'channel-versions',
    fuzzedChannels.map((_, n) => `"${n + 1}"`),
  )
  operation('deleteNotifier', { 'path.id': channels, 'header.If-Match': versions })
  operation('putNotifier', { 'path.id': often('new-channels', ['new-1', 'new-2', ...fuzzedChannels]) })
  operation('changeAccount', {
    'header.If-Match': often('account-versions', ['"1"', '"2"']),
    'path.account': often('changeAccount-names', ['fuzzed', 'nobody']),
  })
  operation('linkAccount', { 'path.account': often('linkAccount-names', ['fuzzed', 'nobody']) })
  return [...dictionaries, ...operations].join('')
}

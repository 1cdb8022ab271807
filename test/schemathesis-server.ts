import { systemClock } from '../contracts/clock.ts'
import { routes } from '../contracts/api/routes.ts'
import { createApi } from '../dashboards/api/create-api.ts'
import { createFakeParts } from '../dashboards/testing/fake-parts.ts'
import { createDice, sampleAlertOf } from '../dashboards/testing/sample-fleet.ts'

export const fuzzedChannels = ['fuzzed-1', 'fuzzed-2'] as const

export interface FuzzedDesk {
  readonly url: string
  readonly alerts: readonly { readonly id: string; readonly version: number }[]
  readonly devices: readonly string[]
  /** Headers of a new admin who is signed in. */
  signIn(account: string): Promise<Readonly<Record<string, string>>>
  /** Those of an API token of a new admin. */
  token(): Promise<Readonly<Record<string, string>>>
  /** The routes that answered no 2xx so far. */
  neverDone(): readonly string[]
  /** What went wrong inside: stack and all. */
  readonly errors: readonly object[]
  close(): Promise<void>
}

/** The API on a real socket over parts in memory, with some alerts, for a tool that shoots at it. */
export const startFuzzedDesk = async (): Promise<FuzzedDesk> => {
  const errors: object[] = []
  const parts = await createFakeParts({
    clock: systemClock,
    consoleDirectory: '/nowhere',
    devices: 30,
    logger: { debug() {}, info() {}, warn() {}, error: (fields, message) => void errors.push({ message, ...fields }) },
  })
  const dice = createDice(5)
  const devices = [...parts.directory.devices()]
  const samples = Array.from({ length: 40 }, (_, n) => sampleAlertOf(devices, dice, n, systemClock.now() - n * 60_000))
  for (const sample of samples) parts.desk.put(sample)
  const api = await createApi({
    ...parts,
    limits: { requestsPerSecondMax: 1e6, requestsBurstMax: 1e6, strangerRequestsPerSecondMax: 1e6, strangerRequestsBurstMax: 1e6 },
  })
  const done = new Set<string>()
  const places = Object.entries(routes).map(([id, { method, path }]) => ({
    id,
    method,
    path: new RegExp(`^/api/v1${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  api.app.server.on('request', (request, reply) =>
    reply.once('finish', () => {
      if (reply.statusCode >= 300) return
      const path = request.url!.split('?', 1)[0]!
      for (const place of places) if (place.method === request.method && place.path.test(path)) done.add(place.id)
    }),
  )
  const port = await api.listen({ host: '127.0.0.1', port: 0 })
  const signIn = async (account: string) => {
    const made = await parts.accounts.people.create('wardwatch', { account, displayName: account, role: 'admin' })
    if (!made.ok) throw new Error(made.detail)
    // From another address than the fuzzer's: that one has tried too many passwords.
    const signedIn = await parts.accounts.signIn.byLink(made.link.code, { address: '127.0.0.2', browserSecret: null })
    if (!signedIn.ok) throw new Error('the fuzzer can not sign in')
    return { cookie: `wardwatch-session=${signedIn.sessionSecret}`, 'x-csrf-token': signedIn.who.csrfToken }
  }
  for (const id of fuzzedChannels)
    await parts.paging.putNotifier('wardwatch', id, {
      title: id,
      enabled: true,
      settings: { kind: 'webhook', url: 'http://127.0.0.1:9/', secret: 's' },
    })
  await parts.accounts.people.create('wardwatch', { account: 'fuzzed', displayName: 'Fuzzed', role: 'viewer' })
  return {
    url: `http://127.0.0.1:${port}`,
    alerts: samples.map(({ id }) => parts.desk.alert(id)!),
    devices: devices.map(({ device }) => device),
    neverDone: () => places.map(({ id }) => id).filter((id) => !done.has(id)),
    signIn,
    async token() {
      await parts.accounts.people.create('wardwatch', { account: 'script', displayName: 'Script', role: 'admin' })
      const token = await parts.accounts.tokens.create('script', { name: 'fuzz', scope: 'admin', expiresInDays: 1 })
      if (!token.ok) throw new Error(token.detail)
      return { authorization: `Bearer ${token.secret}` }
    },
    errors,
    async close() {
      await api.close()
      await parts.accounts.close()
    },
  }
}

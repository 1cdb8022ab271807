import { systemClock } from '../contracts/clock.ts'
import { createApi } from '../dashboards/api/create-api.ts'
import { createFakeParts } from '../dashboards/testing/fake-parts.ts'
import { createDice, sampleAlertOf } from '../dashboards/testing/sample-fleet.ts'

export interface FuzzedDesk {
  readonly url: string
  /** Headers of an admin who is signed in. */
  readonly session: Readonly<Record<string, string>>
  /** Those of a new API token of another admin: the run before may have revoked what it found. */
  token(): Promise<Readonly<Record<string, string>>>
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
  for (let n = 0; n < 40; n++) parts.desk.put(sampleAlertOf(devices, dice, n, systemClock.now() - n * 60_000))
  const api = await createApi({
    ...parts,
    limits: { requestsPerSecondMax: 1e6, requestsBurstMax: 1e6, strangerRequestsPerSecondMax: 1e6, strangerRequestsBurstMax: 1e6 },
  })
  const port = await api.listen({ host: '127.0.0.1', port: 0 })
  const made = await parts.accounts.people.create('wardwatch', { account: 'admin', displayName: 'Admin', role: 'admin' })
  if (!made.ok) throw new Error(made.detail)
  const signedIn = await parts.accounts.signIn.byLink(made.link.code, { address: '127.0.0.1', browserSecret: null })
  if (!signedIn.ok) throw new Error('the fuzzer can not sign in')
  return {
    url: `http://127.0.0.1:${port}`,
    session: { cookie: `wardwatch-session=${signedIn.sessionSecret}`, 'x-csrf-token': signedIn.who.csrfToken },
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

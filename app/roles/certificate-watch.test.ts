import { expect, it } from 'vitest'
import { silentLogger } from '../../contracts/logger.ts'
import { createAuthority } from '../../registry/authority.ts'
import { createCertificateWatch } from './certificate-watch.ts'

const dayMs = 86_400_000
const startMs = Date.UTC(2026, 10, 29)

it("an edge's certificate that ends while it runs is told, once in the log and for as long as it lasts", async () => {
  const clock = { ms: startMs }
  const authority = await createAuthority({ siteName: 'north', clock: { now: () => startMs } })
  const { certificatePem } = await authority.issueServerCertificate({ names: ['localhost'], addresses: [], days: 10 })
  const told: string[] = []
  const ended = createCertificateWatch(
    { certificatePem, caPem: authority.certificatePem },
    { now: () => clock.ms },
    { ...silentLogger, error: (_, text) => void told.push(text) },
  )
  expect(ended()).toBeNull()
  clock.ms += 11 * dayMs
  expect(ended()).toMatch(/^the edge's certificate ended 2026-12-\d\dT/)
  expect([ended(), told]).toEqual([told[0], [ended()]])
  clock.ms = startMs
  expect(ended()).toBeNull()
  clock.ms += 100 * 365 * dayMs
  expect(ended()).toMatch(/^the edge's certificate ended/)
  expect(told).toHaveLength(2)
})

it('of several authorities the last one counts', async () => {
  const old = await createAuthority({ siteName: 'north', clock: { now: () => startMs - 50 * 365 * dayMs } })
  const authority = await createAuthority({ siteName: 'north', clock: { now: () => startMs } })
  const { certificatePem } = await authority.issueServerCertificate({ names: ['localhost'], addresses: [], days: 10 })
  const watch = (caPem: string) => createCertificateWatch({ certificatePem, caPem }, { now: () => startMs }, silentLogger)()
  expect(watch(old.certificatePem + authority.certificatePem)).toBeNull()
  expect(watch(old.certificatePem)).toMatch(/^the CA of the devices' certificates ended/)
})

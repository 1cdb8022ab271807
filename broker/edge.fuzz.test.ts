import { describe, expect, it } from 'vitest'
import { publishFrame, signIn } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, testRecord } from './test-edge.ts'
import { runFuzzCampaign } from './test-fuzz.ts'

describe.each(runtimes)('random and mutated packets, on $runtime', ({ program }) => {
  it('harm neither the edge nor an honest session beside them', { timeout: 120_000 }, async () => {
    const world = await createTestWorld()
    const hostile = await world.authority.issue({ commonName: 'mallory', purpose: 'client' })
    const friendly = await world.authority.issue({ commonName: 'honest', purpose: 'client' })
    const edge = await startTestEdge(
      program,
      world,
      [testRecord('mallory', [hostile.fingerprint]), testRecord('honest', [friendly.fingerprint])],
      { connectsPerSecondPerAddressMax: 100_000, connectsBurstPerAddressMax: 100_000, connectTimeoutMs: 300 },
    )
    const honest = await signIn(edge.port, friendly, 'honest')
    const campaign = runFuzzCampaign({
      port: edge.port,
      identity: hostile,
      device: 'mallory',
      packets: 20_000,
      packetsPerConnection: 40,
      atOnce: 8,
      seed: 20_261_123,
    })
    const state = { over: false }
    void campaign.then(() => (state.over = true))
    let published = 0
    while (!state.over) {
      published++
      honest.send(publishFrame(`v1/${site}/honest/telemetry`, `honest ${published}`, 1, published))
      expect((await honest.packet(published)).readUInt16BE(2)).toBe(published)
    }
    expect(await campaign).toBeGreaterThanOrEqual(20_000)
    const stored = edge.messages().filter(({ device }) => device === 'honest')
    expect(stored.map(({ payload }) => payload)).toEqual(Array.from({ length: published }, (_, i) => `honest ${i + 1}`))
    honest.socket.destroy()
    for (;;) if ((await edge.stats()).connections === 0) break
    const { signedIn, residentBytes, inFlight } = await edge.stats()
    expect({ signedIn, inFlight }).toEqual({ signedIn: 0, inFlight: 0 })
    expect(residentBytes).toBeLessThan(400 * 1_048_576)
    await edge.stop()
  })
})

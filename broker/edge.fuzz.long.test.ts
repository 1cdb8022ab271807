import { describe, expect, it } from 'vitest'
import { publishFrame, signIn } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, testRecord } from './test-edge.ts'
import { runFuzzCampaign } from './test-fuzz.ts'

const packets = 1_000_000
const rounds = 10

describe.each(runtimes)('a million random and mutated packets, on $runtime', ({ program }) => {
  it('leave memory level and an honest session unharmed', { timeout: 1_800_000 }, async () => {
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
    const residentMb: number[] = []
    let published = 0
    for (let round = 0; round < rounds; round++) {
      const state = { over: false }
      const options = {
        port: edge.port,
        identity: hostile,
        device: 'mallory',
        packets: packets / rounds,
        packetsPerConnection: 100,
        atOnce: 16,
      }
      const campaign = runFuzzCampaign({ ...options, seed: 1_000 + round }).then(() => (state.over = true))
      while (!state.over) {
        published++
        honest.send(publishFrame(`v1/${site}/honest/telemetry`, 'honest', 1, (published % 65_535) + 1))
        await honest.packet(published)
      }
      await campaign
      residentMb.push(Math.round((await edge.stats()).residentBytes / 1_048_576))
    }
    // Warm after the first third; then level.
    const settled = residentMb.slice(rounds / 3)
    expect(Math.max(...settled), `resident memory by round, MB: ${residentMb.join(' ')}`).toBeLessThan(settled[0]! * 1.5 + 50)
    expect(edge.messages().filter(({ device }) => device === 'honest')).toHaveLength(published)
    await edge.stop()
  })
})

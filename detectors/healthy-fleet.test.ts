import { expect, it } from 'vitest'
import { encodeMessage, encodeMessageHeader } from '../contracts/envelope.ts'
import type { Observation } from '../contracts/observation.ts'
import { createEnvelopeDecoder } from '../ingest/envelope-decoder.ts'
import { planFleet } from '../simulators/fleet.ts'
import { healthyLife } from '../simulators/healthy-life.ts'
import { runStages } from '../stream/host/harness.ts'
import { loadDetectors } from './registry.ts'
import { session, storyStartMs } from './stories/observations.ts'

const hourMs = 3_600_000

it('an hour of 200 healthy devices that roam, lose the network and reboot: at most one alert', async () => {
  const decoder = createEnvelopeDecoder()
  const observations: Observation[] = []
  const { devices } = planFleet({ seed: 7, devices: 200 })
  for (const event of healthyLife({ devices, startAtMs: storyStartMs, durationMs: hourMs })) {
    const { atMs, device, site, model, address } = event
    if (event.kind === 'session') {
      const { event: name, reason } = event
      observations.push(session(name, atMs, { device, site, model, address, clientId: device, session: event.session, reason }))
      continue
    }
    const header = encodeMessageHeader({ leaf: event.leaf, site, device, model, session: event.session })
    const decoded = decoder.decode(encodeMessage(header, event.payload, atMs, event.redelivered))
    if (decoded.outcome === 'ok') observations.push(decoded.observation)
  }
  expect(observations.length).toBeGreaterThan(300_000)
  const findings = runStages({ ...(await loadDetectors()), observations, untilMs: storyStartMs + hourMs })
  expect(findings.map(({ device, why }) => `${device}: ${why}`).slice(1)).toEqual([])
})

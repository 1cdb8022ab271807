import { describe, expect, it } from 'vitest'
import type { Finding } from '../contracts/finding.ts'
import type { Observation, Reading } from '../contracts/observation.ts'
import { runStages } from '../stream/host/harness.ts'
import { loadDetectors } from './registry.ts'
import { again } from './stories/observations.ts'
import { bidmc, dad, fitbit, glucose, mimic, mqttset, physionet, recordingsFolder, recordingsPresent } from './stories/recordings.ts'

const stages = await loadDetectors()

/** All ten over observations; `shown` are the alerts they fold into: detector and device. */
const watch = (observations: readonly Observation[]): { findings: Finding[]; shown: string[] } => {
  const findings = runStages({ ...stages, observations })
  return { findings, shown: [...new Set(findings.map(({ detector, device }) => `${detector} ${device}`))].sort() }
}
const by = (shown: readonly string[], detector: string): number => shown.filter((alert) => alert.startsWith(`${detector} `)).length
const all = (devices: ReadonlyMap<string, readonly Reading[]>): Reading[] => [...devices.values()].flat()
/** Moves each device's recording to the same start, and keeps the first `hours` of it. */
const aligned = (devices: ReadonlyMap<string, readonly Reading[]>, hours: number, fromMs = 1_795_000_000_000): Map<string, Reading[]> =>
  new Map(
    [...devices].map(([device, readings]) => {
      const shiftMs = fromMs - readings[0]!.receivedAt
      const moved = readings.map((one) => ({ ...one, receivedAt: one.receivedAt + shiftMs, deviceTime: one.deviceTime! + shiftMs }))
      return [device, moved.filter(({ receivedAt }) => receivedAt < fromMs + hours * 3_600_000)]
    }),
  )

describe.skipIf(!recordingsPresent)(`on the real recordings (skipped where ${recordingsFolder} is absent)`, () => {
  describe('alarm burden: the alerts of people who are ill, but not attacked', () => {
    it('28 intensive care monitors at 1 Hz, 3.7 device-hours: none', () => {
      expect(watch(all(bidmc())).shown).toEqual([])
    })

    it('two monitors by the minute, 33 device-hours: silence alone, where the record has gaps', () => {
      const { shown, findings } = watch(all(mimic()))
      expect(shown.map((alert) => alert.split(' ')[0])).toEqual(['silence', 'silence'])
      expect(findings.length).toBeLessThanOrEqual(8)
    })

    it('100 stays of 48 hours, charted by hand and dirty on purpose: silence alone, and of few', () => {
      const some = new Map([...physionet()].slice(0, 100))
      const { shown, findings } = watch(all(some))
      // Charts have no rhythm: those that look quick at first are missed later. 400 stays had 72 alerts when this was written.
      expect(by(shown, 'silence')).toBe(shown.length)
      expect(shown.length).toBeLessThanOrEqual(30)
      expect(findings.length / 4_500).toBeLessThan(0.03)
    })

    it('two people with wrist bands, 105 hours with exercise: bands taken off, and no heart rate', () => {
      const { shown, findings } = watch(all(aligned(fitbit(), 60)))
      expect(by(shown, 'silence')).toBe(shown.length)
      expect(findings.length).toBeLessThanOrEqual(10)
    })

    it('24 glucose sensors for two days: gaps alone', () => {
      const { shown, findings } = watch(all(aligned(glucose(), 48)))
      expect(by(shown, 'silence')).toBe(shown.length)
      // Real gaps of over 20 minutes: 26 in 48 sensor-days when this was written.
      expect(findings.length).toBeLessThanOrEqual(36)
    })

    it('sixteen room sensors on a clean day, whose values spike regularly: none', () => {
      expect(watch(all(aligned(dad().readings, 23))).shown).toEqual([])
    })

    it('ten benign clients of MQTTset: none', () => {
      expect(watch(mqttset().benign).shown).toEqual([])
    })
  })

  describe('attacks put into them are found, by the right detector', () => {
    const monitors = recordingsPresent ? bidmc() : new Map<string, Reading[]>()

    it("MQTTset's own brute force of 1,271 sign-ins over benign traffic", () => {
      const { benign, bruteForce } = mqttset()
      const shiftMs = benign[0]!.receivedAt - bruteForce[0]!.receivedAt
      const endMs = benign.at(-1)!.receivedAt
      const { shown, findings } = watch([
        ...benign,
        ...bruteForce.map((one) => ({ ...one, receivedAt: one.receivedAt + shiftMs })).filter(({ receivedAt }) => receivedAt < endMs),
      ])
      expect(shown).toEqual(['credential-brute-force address:192.168.1.90'])
      // The first tries are two seconds apart.
      expect(findings[0]!.at - benign[0]!.receivedAt).toBeLessThan(60_000)
    })

    it("MQTTset's own flood of 56,304 messages by one client over benign traffic", () => {
      const { benign, flood } = mqttset()
      // It ends with the benign minutes: afterwards the client would rightly be missed.
      const shiftMs = benign.at(-1)!.receivedAt - flood.at(-1)!.receivedAt
      const moved = flood.map((one) => ({ ...one, receivedAt: one.receivedAt + shiftMs }))
      const { shown, findings } = watch([...benign, ...moved])
      expect(shown).toEqual(['flood a2a49835f2324b3882bc6d1'])
      expect(findings[0]!.at - moved[0]!.receivedAt).toBeLessThan(3_000)
    })

    it('a heart rate forty higher on each of 28 monitors: at least 24 found, and nothing else said', () => {
      const { shown } = watch(
        all(monitors).map((one, _, __, hr = one.vitals['hr']) =>
          hr !== undefined && one.seq! >= 1_200
            ? { ...one, vitals: { ...one.vitals, hr: hr + 40, pulse: (one.vitals['pulse'] ?? hr) + 40 } }
            : one,
        ),
      )
      expect(by(shown, 'level-shift')).toBeGreaterThanOrEqual(24)
      expect(by(shown, 'level-shift')).toBe(shown.length)
    })

    it('glucose sixty percent higher on 24 sensors: at least half found', () => {
      const sensors = aligned(glucose(), 18)
      const { shown } = watch(
        all(sensors).map((one) => (one.seq! < 1_150 ? one : { ...one, vitals: { glucose: Math.round(one.vitals['glucose']! * 1.6) } })),
      )
      expect(by(shown, 'level-shift')).toBeGreaterThanOrEqual(12)
    })

    it('two minutes of each of 28 monitors played again: all found, and nothing else said', () => {
      const { shown } = watch(
        [...monitors.values()].flatMap((readings) => {
          const end = readings.at(-1)!.receivedAt
          return [...readings, ...readings.slice(60, 180).map((old, i) => again(old, end + 1_000 + i * 250))]
        }),
      )
      expect(shown).toEqual([...monitors.keys()].map((device) => `replay ${device}`))
    })

    it('each of 28 monitors in turn sends a hundred a second: all found, and nothing else said', () => {
      const { shown } = watch(
        [...monitors.values()].flatMap((readings) => {
          const last = readings.at(-1)!
          const flood = Array.from({ length: 600 }, (_, i) => {
            const at = last.receivedAt + 1_000 + i * 10
            return { ...last, receivedAt: at, deviceTime: at, seq: last.seq! + 1 + i, payloadHash: i }
          })
          return [...readings, ...flood]
        }),
      )
      expect(shown).toEqual([...monitors.keys()].map((device) => `flood ${device}`))
    })

    it('three of 28 monitors stop in the midst: these three are found', () => {
      const muted = [...monitors.keys()].filter((_, i) => i % 10 === 4)
      const { shown } = watch(all(monitors).filter(({ device, seq }) => !muted.includes(device) || seq! < 1_200))
      expect(shown).toEqual(muted.map((device) => `silence ${device}`))
    })

    it('all of them stop: one alert about the site', () => {
      const watched = runStages({
        ...stages,
        observations: all(monitors).filter(({ seq }) => seq! < 1_300),
        untilMs: all(monitors).at(-1)!.receivedAt,
      })
      expect(watched.map(({ detector, device }) => `${detector} ${device}`)).toEqual(['silence site:bidmc'])
    })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { vitalNamed } from '../../contracts/vitals.ts'
import { randomFor } from '../prng.ts'
import { profiles } from './catalogue.ts'
import { type ProfileId, type Sample, profileIds } from './profile.ts'

const noonMs = Date.UTC(2026, 10, 23, 12)
const hourMs = 3_600_000

const live = (id: ProfileId, seed: number, fromMs: number, forMs: number, everyMs = profiles[id].intervalMs): Sample[] => {
  const patient = profiles[id].createPatient(randomFor(seed, 'patient'))
  return Array.from({ length: Math.floor(forMs / everyMs) }, (_, i) => patient.nextReading(fromMs + i * everyMs))
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const correlation = (pairs: readonly (readonly [number, number])[]): number => {
  const [mx, my] = [mean(pairs.map(([x]) => x)), mean(pairs.map(([, y]) => y))]
  const covariance = pairs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0)
  const spread = (at: 0 | 1, m: number): number => Math.sqrt(pairs.reduce((sum, pair) => sum + (pair[at] - m) ** 2, 0))
  return covariance / (spread(0, mx) * spread(1, my))
}
const values = (samples: readonly Sample[], name: string): number[] =>
  samples.flatMap(({ vitals }) => (vitals[name] === undefined ? [] : [vitals[name]]))

describe.each(profileIds)('%s', (id) => {
  it('shows what a living patient can, or a sentinel of the table', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 23 }), (seed, hour) => {
        for (const { vitals } of live(id, seed, noonMs + hour * hourMs, 300 * profiles[id].intervalMs)) {
          for (const [name, value] of Object.entries(vitals)) {
            const row = vitalNamed(name)
            expect(row, name).toBeDefined()
            const fits = (value >= row!.low && value <= row!.high) || row!.sentinels.includes(value)
            expect(fits, `${name} ${value}`).toBe(true)
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  it('is the same for the same seed, and another patient for another', () => {
    const once = live(id, 1, noonMs, 40 * profiles[id].intervalMs)
    expect(live(id, 1, noonMs, 40 * profiles[id].intervalMs)).toEqual(once)
    expect(live(id, 2, noonMs, 40 * profiles[id].intervalMs)).not.toEqual(once)
  })

  it('goes on where it was: neighbours are alike, hours apart differ', () => {
    const main = { 'bedside-monitor': 'abpMean', wearable: 'skinTemp', 'infusion-pump': 'linePressure', 'glucose-sensor': 'glucose' }[id]
    const seed = [1, 2, 3, 4, 5].find((one) => values(live(id, one, noonMs, profiles[id].intervalMs), main).length > 0)!
    const real = values(live(id, seed, noonMs, 12 * hourMs, Math.max(5_000, profiles[id].intervalMs)), main).filter((value) => value > 0)
    expect(correlation(real.slice(1).map((value, i) => [real[i]!, value] as const))).toBeGreaterThan(0.5)
  })
})

describe('a bedside monitor', () => {
  const samples = [1, 2, 3].flatMap((seed) => live('bedside-monitor', seed, noonMs, 3 * hourMs))

  it('has a pulse that is the heart rate, but for artefacts of a few samples', () => {
    const both = samples.filter(({ vitals }) => vitals['hr']! > 0 && vitals['pulse']! > 0)
    const apart = both.filter(({ vitals }) => vitals['hr'] !== vitals['pulse'])
    expect(apart.length).toBeGreaterThan(0)
    expect(apart.length / both.length).toBeLessThan(0.01)
  })

  it('loses a sensor now and then, and says so by a sentinel', () => {
    const lost = samples.filter(({ vitals }) => vitals['pulse'] === 0)
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.length / samples.length).toBeLessThan(0.01)
    expect(lost.every(({ vitals }) => vitals['spo2'] === 0)).toBe(true)
  })

  it('spikes for one sample, never for two in a row', () => {
    let run = 0
    let longest = 0
    for (const { vitals } of samples) {
      const spike = vitals['hr']! > 0 && vitals['pulse']! > 0 && Math.abs(vitals['hr']! - vitals['pulse']!) > 5
      run = spike ? run + 1 : 0
      longest = Math.max(longest, run)
    }
    expect(longest).toBe(1)
  })

  it('keeps the order of its pressures, and measures by cuff each five minutes', () => {
    const withLine = samples.filter(({ vitals }) => vitals['abpSys']! > 0)
    expect(withLine.length).toBeGreaterThan(0)
    for (const { vitals } of withLine) {
      expect(vitals['abpSys']!).toBeGreaterThan(vitals['abpMean']!)
      expect(vitals['abpMean']!).toBeGreaterThan(vitals['abpDia']!)
    }
    expect(values(samples, 'nbpSys').length).toBe(3 * 36)
  })

  it('has a heart, a breath and a pressure that move together', () => {
    const seeds = [11, 12, 13, 14, 15, 16, 17, 18]
    const together = seeds.map((seed) => {
      const good = live('bedside-monitor', seed, noonMs, 4 * hourMs, 10_000).filter(
        ({ vitals }) => vitals['hr']! > 0 && vitals['resp']! > 0,
      )
      return correlation(good.map(({ vitals }) => [vitals['hr']!, vitals['resp']!] as const))
    })
    expect(mean(together)).toBeGreaterThan(0.3)
  })

  it('sleeps at night: slower heart, less warmth', () => {
    const at = (hour: number, name: string): number =>
      mean(
        [1, 2, 3, 4, 5, 6].flatMap((seed) =>
          values(live('bedside-monitor', seed, noonMs + (hour - 12) * hourMs, hourMs, 20_000), name).filter((x) => x > 0),
        ),
      )
    expect(at(16, 'hr')).toBeGreaterThan(at(27, 'hr') + 2)
    expect(at(16, 'temp')).toBeGreaterThan(at(27, 'temp') + 0.2)
  })
})

it('a wearable counts steps by day, and the heart follows them', () => {
  const day = [1, 2, 3, 4].flatMap((seed) =>
    live('wearable', seed, noonMs - 3 * hourMs, 8 * hourMs).filter(({ vitals }) => vitals['hr']! > 0),
  )
  const walking = day.filter(({ vitals }) => vitals['steps']! > 50)
  const still = day.filter(({ vitals }) => vitals['steps'] === 0)
  expect(walking.length / day.length).toBeGreaterThan(0.02)
  expect(mean(values(walking, 'hr'))).toBeGreaterThan(mean(values(still, 'hr')) + 6)
})

it('a pump gives what its rate says, and tells each change of it', () => {
  const samples = live('infusion-pump', 5, noonMs, 24 * hourMs)
  const changes = samples.flatMap(({ events }) => events ?? [])
  expect(changes.length).toBeGreaterThan(3)
  let rate: string | null = null
  for (const event of changes) {
    expect([event.change, event.subject]).toEqual(['therapy', 'infusionRate'])
    if (rate !== null) expect(event.from).toBe(rate)
    rate = event.to
  }
  const infused = values(samples, 'volumeInfused')
  const byRate = samples.slice(1).reduce((sum, { vitals }) => sum + (vitals['infusionRate']! * 5) / 3_600, 0)
  expect(infused.every((ml, i) => i === 0 || ml >= infused[i - 1]!)).toBe(true)
  expect(Math.abs(infused.at(-1)! - infused[0]! - byRate) / byRate).toBeLessThan(0.05)
})

it('glucose rises after meals', () => {
  const day = [1, 2, 3, 4, 5, 6].map((seed) =>
    live('glucose-sensor', seed, Date.UTC(2026, 10, 23), 24 * hourMs).map(({ vitals }) => vitals['glucose']!),
  )
  const at = (hour: number): number => mean(day.map((values) => values[hour * 12]!))
  expect(at(13)).toBeGreaterThan(at(11) + 8)
})

import { clamp, createDrift, dayWave } from './noise.ts'
import type { Profile } from './profile.ts'

interface Excursion {
  readonly atMs: number
  readonly peakMgDl: number
  readonly timeToPeakMs: number
}

const mealHours = [7.5, 12.25, 18] as const

/** Rise and fall of a meal or a dose: gamma-shaped, its peak at `timeToPeakMs`. */
const response = ({ atMs, peakMgDl, timeToPeakMs }: Excursion, nowMs: number): number => {
  const t = (nowMs - atMs) / timeToPeakMs
  return t <= 0 ? 0 : peakMgDl * t * Math.exp(1 - t)
}

/** A continuous glucose sensor, each five minutes: three meals a day, a dose of insulin with most of them, dawn rise, sensor drift. */
export const glucoseSensor: Profile = {
  id: 'glucose-sensor',
  prefix: 'cgm',
  intervalMs: 300_000,
  models: [
    { model: 'Mellis G6', firmware: ['1.6.1'] },
    { model: 'Dulcis One', firmware: ['5.0.2', '5.0.3'] },
  ],
  batteryHours: 240,
  createPatient(random) {
    const base = clamp(random.normal(118, 18), 88, 165)
    const sensor = createDrift(random, 5, 25 * 60_000)
    const liver = createDrift(random, 9, 3 * 3_600_000)
    const sleeps = random.chance(0.15)
    let excursions: Excursion[] = []
    let plannedDay = Number.NEGATIVE_INFINITY
    let lastMs: number | null = null
    const planDay = (day: number): void => {
      for (const hour of mealHours) {
        const atMs = day * 86_400_000 + (hour + random.normal(0, 0.4)) * 3_600_000
        const peakMgDl = clamp(random.normal(58, 18), 15, 110)
        excursions.push({ atMs, peakMgDl, timeToPeakMs: random.between(45, 75) * 60_000 })
        if (random.chance(0.85)) {
          const dose = { atMs: atMs + random.between(-10, 25) * 60_000, peakMgDl: -peakMgDl * random.between(0.45, 0.75) }
          excursions.push({ ...dose, timeToPeakMs: random.between(80, 110) * 60_000 })
        }
      }
    }
    return {
      nextReading(nowMs) {
        const stepMs = lastMs === null ? 0 : Math.max(0, nowMs - lastMs)
        lastMs = nowMs
        const day = Math.floor(nowMs / 86_400_000)
        if (day > plannedDay) {
          if (plannedDay < day - 1) planDay(day - 1)
          planDay(day)
          plannedDay = day
          excursions = excursions.filter((one) => nowMs - one.atMs < 86_400_000)
        }
        const meals = excursions.reduce((sum, one) => sum + response(one, nowMs), 0)
        const glucose = base + 8 * dayWave(nowMs, 7) + liver(stepMs) + meals + sensor(stepMs)
        // Lying on the sensor presses it: a believable low for a while would look like illness, so it only lowers a little.
        const pressed = sleeps && dayWave(nowMs, 2) > 0.8 ? 12 : 0
        return { vitals: { glucose: Math.round(clamp(glucose - pressed, 48, 380)) } }
      },
    }
  },
}

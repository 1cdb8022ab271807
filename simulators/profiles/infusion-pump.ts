import { createDrift, rounded } from './noise.ts'
import type { PostureEvent, Profile } from './profile.ts'

/** Usual programmes, mL/h. */
const programmes = [2, 5, 8, 12, 20, 42, 60, 83, 100, 125] as const

/**
 * An infusion pump, each five seconds: the rate it runs at, what it has given, the pressure in the line. Now and then a nurse
 * programmes another rate (a `therapy` event says from, to and who), and a bag runs out and is changed.
 */
export const infusionPump: Profile = {
  id: 'infusion-pump',
  prefix: 'pmp',
  intervalMs: 5_000,
  models: [
    { model: 'Stilla 4', firmware: ['4.2.0', '4.2.1'] },
    { model: 'Gutta VP', firmware: ['6.0.8'] },
  ],
  batteryHours: null,
  createPatient(random) {
    let rate: number = random.pick(programmes)
    let infusedMl = random.between(0, 150)
    let bagMl = random.between(200, 1_000)
    let changeAtMs: number | null = null
    let pausedUntilMs = Number.NEGATIVE_INFINITY
    let lastMs: number | null = null
    const resistance = random.between(0.25, 0.55)
    const vein = createDrift(random, 4, 3 * 60_000)
    const catheterMmHg = random.between(18, 45)
    return {
      nextReading(nowMs) {
        const stepMs = lastMs === null ? 0 : Math.max(0, nowMs - lastMs)
        lastMs = nowMs
        changeAtMs ??= nowMs + random.exponential(100 * 60_000)
        const events: PostureEvent[] = []
        const runs = nowMs >= pausedUntilMs
        if (runs) infusedMl += (rate * stepMs) / 3_600_000
        if (infusedMl > bagMl) {
          // A new bag: the line is clamped for a minute or two while it is hung.
          bagMl = infusedMl + random.between(250, 1_000)
          pausedUntilMs = nowMs + random.between(45_000, 150_000)
        }
        if (nowMs >= changeAtMs) {
          changeAtMs = nowMs + random.exponential(100 * 60_000)
          const next = random.pick(
            programmes.filter((programme) => programme !== rate && programme <= rate * 2.5 && programme >= rate / 2.5),
          )
          events.push({
            change: 'therapy',
            subject: 'infusionRate',
            from: String(rate),
            to: String(next),
            actor: `nurse-${random.integer(10, 60)}`,
          })
          rate = next
        }
        const flowing = nowMs >= pausedUntilMs
        return {
          vitals: {
            infusionRate: flowing ? rate : 0,
            volumeInfused: rounded(infusedMl, 2),
            linePressure: Math.round(catheterMmHg + (flowing ? rate * resistance : 0) + vein(stepMs)),
          },
          events,
        }
      },
    }
  },
}

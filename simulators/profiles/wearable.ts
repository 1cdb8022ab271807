import { activities } from './activity.ts'
import { createArtefacts } from './artefacts.ts'
import { createBody } from './body.ts'
import { clamp, createDrift, createFollower, rounded } from './noise.ts'
import type { Profile } from './profile.ts'

/** A wrist wearable of a walking patient, each five seconds: optical heart rate and oxygen, skin temperature, steps a minute, breathing. */
export const wearable: Profile = {
  id: 'wearable',
  prefix: 'wrb',
  intervalMs: 5_000,
  models: [
    { model: 'Passer W2', firmware: ['2.7.0', '2.7.3'] },
    { model: 'Larus Band', firmware: ['1.19.4'] },
  ],
  batteryHours: 72,
  createPatient(random) {
    const body = createBody(random, { mobility: random.between(0.4, 1) })
    const strap = createArtefacts(random, { spikeEveryMs: 25 * 60_000, dropoutEveryMs: 60 * 60_000, dropoutMs: 20_000 })
    const skin = createDrift(random, 0.25, 20 * 60_000)
    const skinOffset = random.between(-4.2, -2.8)
    const warmth = createFollower(0, 6 * 60_000)
    const cadence = createFollower(0, 8_000)
    let lastMs: number | null = null
    return {
      nextReading(nowMs) {
        const stepMs = lastMs === null ? 0 : Math.max(0, nowMs - lastMs)
        lastMs = nowMs
        const truth = body(nowMs)
        const worn = strap(nowMs, truth.load)
        const factor = worn.kind === 'spike' ? worn.factor : 1
        const pace = cadence(activities[truth.activity].stepsPerMinute, stepMs)
        const lost = worn.kind === 'dropout'
        return {
          vitals: {
            hr: lost ? 0 : clamp(Math.round(truth.hr * factor), 30, 210),
            spo2: lost ? -1 : clamp(Math.round(worn.kind === 'spike' ? truth.spo2 - 3 : truth.spo2), 60, 100),
            resp: lost ? -1 : Math.round(truth.resp),
            skinTemp: rounded(truth.tempCel + skinOffset + skin(stepMs) + warmth(truth.load, stepMs), 1),
            steps: pace < 1 ? 0 : Math.round(clamp(pace * random.between(0.92, 1.08), 0, 200)),
          },
        }
      },
    }
  },
}

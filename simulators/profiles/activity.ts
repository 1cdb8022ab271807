import type { Random } from '../prng.ts'

/** What the patient does, with the load on the body (0 rest .. 1 hard) and the steps a minute that a wearable counts. */
export const activities = {
  asleep: { load: -0.1, stepsPerMinute: 0 },
  resting: { load: 0, stepsPerMinute: 0 },
  sitting: { load: 0.08, stepsPerMinute: 2 },
  walking: { load: 0.32, stepsPerMinute: 75 },
  exercising: { load: 0.55, stepsPerMinute: 105 },
} as const
export type Activity = keyof typeof activities

/** Mean stay in minutes, and where it goes next by day and by night (weights). A Markov chain in continuous time. */
const chain: Record<Activity, { minutes: number; day: Partial<Record<Activity, number>>; night: Partial<Record<Activity, number>> }> = {
  asleep: { minutes: 90, day: { resting: 1 }, night: { resting: 1 } },
  resting: { minutes: 35, day: { sitting: 5, walking: 3, asleep: 1 }, night: { asleep: 9, sitting: 1 } },
  sitting: { minutes: 25, day: { resting: 4, walking: 4, exercising: 0.4 }, night: { resting: 9, walking: 1 } },
  walking: { minutes: 6, day: { sitting: 5, resting: 4, exercising: 0.5 }, night: { resting: 9, sitting: 1 } },
  exercising: { minutes: 9, day: { sitting: 3, walking: 2 }, night: { resting: 1 } },
}

const isNight = (nowMs: number): boolean => {
  const hour = (nowMs / 3_600_000) % 24
  return hour < 6 || hour >= 22
}

const drawNext = (random: Random, weights: Partial<Record<Activity, number>>): Activity => {
  const entries = Object.entries(weights) as [Activity, number][]
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [activity, weight] of entries) {
    left -= weight
    if (left < 0) return activity
  }
  return entries[0]![0]
}

/** `mobility` 0..1 shortens or forbids walks: a patient in intensive care does none. */
export const createActivity = (random: Random, mobility: number): ((nowMs: number) => Activity) => {
  let current: Activity = 'resting'
  let untilMs: number | null = null
  return (nowMs) => {
    if (untilMs === null) {
      current = isNight(nowMs) ? 'asleep' : 'resting'
      untilMs = nowMs + random.exponential(chain[current].minutes * 60_000)
    }
    // A gap of days costs a bounded number of draws.
    for (let i = 0; i < 1_000 && nowMs >= untilMs; i++) {
      const next = drawNext(random, isNight(untilMs) ? chain[current].night : chain[current].day)
      const active = next === 'walking' || next === 'exercising'
      current = active && !random.chance(mobility) ? 'sitting' : next
      untilMs += random.exponential(chain[current].minutes * 60_000)
    }
    return current
  }
}

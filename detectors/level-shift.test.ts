import { expect } from 'vitest'
import { describeDetector } from '../stream/host/harness.ts'
import detector from './level-shift.ts'
import { posture, readings, second, session, times, wobble } from './stories/observations.ts'

const hr = (i: number, level = 72) => level + Math.round(3 * wobble(i))
const monitor = (change: (i: number) => number) => readings({ count: 300 }, (i) => ({ vitals: { hr: change(i), spo2: 97 } }))
const wearable = (change: (i: number) => Record<string, number>) => readings({ count: 600, everyMs: 5_000 }, (i) => ({ vitals: change(i) }))
const pump = (change: (i: number) => number) => readings({ count: 60, everyMs: 5_000 }, (i) => ({ vitals: { infusionRate: change(i) } }))

describeDetector(detector, {
  'a heart rate frozen forty above its level is found': {
    given: monitor((i) => (i < 120 ? hr(i) : 112)).slice(0, 170),
    finds: 1,
    why: /^Heart rate of monitor-1 stepped from its learned 7\d(\.\d)? bpm .* to 112 between two readings, and is 112 \(\+5\d %\) after 20 s/,
    check: ([finding]) => expect(finding!.evidence[0]).toMatchObject({ feature: 'hr', observed: 112 }),
  },
  'what goes on is told once a minute until it is the new level': {
    given: readings({ count: 1_500 }, (i) => ({ vitals: { hr: i < 100 ? hr(i) : hr(i, 120) } })),
    finds: 10,
  },
  'glucose sixty percent up is found': {
    given: readings({ count: 60, everyMs: 300_000 }, (i) => ({ vitals: { glucose: (i < 40 ? 1 : 1.6) * (110 + 6 * wobble(i)) } })).slice(
      0,
      46,
    ),
    finds: 1,
  },
  'an infusion rate that nobody announced is found': {
    given: pump((i) => (i < 30 ? 5 : 12)).slice(0, 40),
    finds: 1,
    why: /from its learned 5 mL\/h .* to 12/,
  },
  'an infusion rate that a nurse changed is none': {
    given: [...pump((i) => (i < 30 ? 5 : 12)), posture(second(150) + 20)],
    finds: 0,
  },
  'starting and stopping a pump is none': { given: pump((i) => (i < 20 || i > 40 ? 0 : 12)), finds: 0 },
  'two that take the session from each other bring two levels by turns, and no shift': {
    given: [
      ...monitor((i) => (i < 100 || i % 8 < 2 ? hr(i) : hr(i, 125))),
      ...times(100, (i) => session('connect', second(100 + i * 2 + 0.5), { session: `s${i}` })),
    ],
    finds: 0,
  },
  'a shift that comes with a new session is found': {
    given: [...monitor((i) => (i < 120 ? hr(i) : 116)).slice(0, 160), session('connect', second(119.5), { session: 's2' })],
    finds: 1,
  },
  'exercise is none': {
    given: wearable((i) => ({ hr: i < 200 ? hr(i) : Math.min(165, hr(i) + (i - 200) * 2) })),
    finds: 0,
  },
  'a sprint with steps counted is none': {
    given: wearable((i) => (i < 200 ? { hr: hr(i), steps: 0 } : { hr: hr(i, 150), steps: 140 })),
    finds: 0,
  },
  'an artefact of ten seconds is none': { given: monitor((i) => (i >= 120 && i < 130 ? 130 : hr(i))), finds: 0 },
  'noise is none': { given: monitor((i) => 80 + Math.round(20 * wobble(i))), finds: 0 },
  'a slow drift is none': { given: monitor((i) => 60 + Math.round(i / 4)), finds: 0 },
  'the circadian rhythm of temperature is none': {
    given: readings({ count: 288, everyMs: 300_000 }, (i) => ({ vitals: { temp: 37 + Math.abs((i % 288) - 144) / 144 } })),
    finds: 0,
  },
  'the next patient after a pause is none': {
    given: [...monitor((i) => hr(i)), ...readings({ count: 300, fromMs: second(900) }, (i) => ({ vitals: { hr: hr(i, 130) } }))],
    finds: 0,
  },
  'a step before anything is learned is none': { given: monitor((i) => (i < 8 ? hr(i) : hr(i, 130))), finds: 0 },
})

import { expect } from 'vitest'
import { describeDetector } from '../stream/host/harness.ts'
import detector from './implausible-vitals.ts'
import { reading, readings, second, wobble } from './stories/observations.ts'

const healthy = (i: number): Record<string, number> => ({
  hr: 72 + Math.round(3 * wobble(i)),
  pulse: 72 + Math.round(3 * wobble(i + 1)),
  spo2: 97,
  abpSys: 120,
  abpDia: 75,
  abpMean: 90,
})
const with_ = (from: number, to: number, change: (i: number) => Record<string, number>) =>
  readings({ count: 180 }, (i) => ({ vitals: i >= from && i < to ? { ...healthy(i), ...change(i) } : healthy(i) }))

describeDetector(detector, {
  'a heart rate of 400 for half a minute is found': {
    given: with_(60, 90, () => ({ hr: 400, pulse: 400 })),
    finds: 1,
    why: /^Heart rate of monitor-1 is 400 bpm and has been beyond what a living patient shows \(15 to 300\) for 15 s/,
    check: ([finding]) => expect(finding!.evidence[0]).toMatchObject({ feature: 'hr', observed: 400, expected: 300 }),
  },
  'what goes on is told once a minute': { given: with_(0, 180, () => ({ spo2: 140 })), finds: 3 },
  'a flushed line for ten seconds is an artefact': { given: with_(60, 70, () => ({ abpSys: 330, abpMean: 270, abpDia: 260 })), finds: 0 },
  'single spikes are artefacts': { given: with_(0, 180, (i) => (i % 20 === 0 ? { hr: 350 } : {})), finds: 0 },
  'values that jump about without end are found': {
    given: with_(60, 120, (i) => ({ hr: i % 2 === 0 ? 40 : 150, pulse: i % 2 === 0 ? 40 : 150 })),
    finds: 1,
    why: /keeps jumping/,
  },
  'a heart rate that climbs with exercise is plausible': {
    given: with_(30, 180, (i) => ({ hr: 72 + (i - 30) / 2, pulse: 72 + (i - 30) / 2 })),
    finds: 0,
  },
  'heart rate and pulse that contradict each other for two minutes are found': {
    given: with_(20, 160, () => ({ hr: 140 })),
    finds: 2,
    why: /^Heart rate 140 and pulse rate \d+ bpm of monitor-1 contradict each other: more than 30 bpm apart for/,
  },
  'half a minute of ectopic beats is none': { given: with_(60, 90, () => ({ pulse: 38 })), finds: 0 },
  'a diastolic above the systolic pressure is found': {
    given: with_(20, 100, () => ({ abpDia: 130, abpMean: 125 })),
    finds: 1,
    why: /the first above the second/,
  },
  'a slow glucose sensor out of range for half an hour is found': {
    given: readings({ count: 30, everyMs: 300_000 }, (i) => ({ vitals: { glucose: i >= 20 && i < 26 ? 900 : 120 } })),
    finds: 4,
  },
  'a backlog of old readings does not make jumps': {
    given: [
      ...readings({ count: 60 }, () => ({ vitals: { hr: 70 } })),
      ...readings({ count: 60, fromMs: second(60), everyMs: 20 }, (i) => ({ deviceTime: second(-3_600 + i), vitals: { hr: 150 } })),
    ],
    finds: 0,
  },
  'a name that Wardwatch does not know has no limits': {
    given: Array.from({ length: 90 }, (_, i) => reading(second(i), { vitals: { mood: 1e9 } })),
    finds: 0,
  },
})

import { describeDetector } from '../stream/host/harness.ts'
import detector from './flood.ts'
import { reading, readings, second, session, times } from './stories/observations.ts'

const minute = readings({ count: 60 })
const burst = (from: number, count: number, everyMs: number, given: (i: number, atMs: number) => object = () => ({})) =>
  readings({ count, fromMs: second(from), everyMs, seq: 1_000 }, given)

describeDetector(detector, {
  'a hundred a second from a device that sends one is found': {
    given: [...minute, ...burst(60, 1_000, 10)],
    finds: 1,
    why: /sent 8\d readings and \d+ bytes so far in 10 s; its own usual is 10 readings/,
  },
  'a flood that goes on is told once a minute': { given: [...minute, ...burst(60, 9_000, 20)], finds: 3 },
  'a flood before the baseline is learned is found by the ceiling': { given: burst(0, 2_000, 5), finds: 1, why: /not learned yet/ },
  'a wearable that goes from one a minute to one each five seconds is none': {
    given: [...readings({ count: 30, everyMs: 60_000 }), ...burst(1_800, 120, 5_000)],
    finds: 0,
  },
  'twice as much from a quick device is none': { given: [...readings({ count: 600, everyMs: 100 }), ...burst(60, 1_200, 50)], finds: 0 },
  'a backlog of an hour after time offline is none': {
    given: [
      ...minute,
      session('connect', second(3_660)),
      ...times(3_600, (i) => reading(second(3_660) + i * 5, { seq: 61 + i, deviceTime: second(60 + i) })),
      ...readings({ count: 60, fromMs: second(3_680), seq: 3_661 }),
    ],
    finds: 0,
  },
  "a short outage of the network in a device's first minute, and its backlog, are none": {
    given: [
      // Ten a second, and the first bin is nearly over.
      ...readings({ count: 350, fromMs: second(9.9), everyMs: 100 }),
      // Stored for fifteen seconds and sent at forty a second, with what it goes on to say among it.
      ...times(200, (i) => reading(second(59.9) + i * 25, { seq: 351 + i, deviceTime: second(44.9) + i * 100 })),
    ],
    finds: 0,
  },
  'a throttled backlog is none': {
    given: [
      ...minute,
      ...times(2_400, (i) => reading(second(3_660) + i * 5, { seq: 61 + i, deviceTime: second(60 + i) })),
      ...times(10, (i) => session('throttled', second(3_661 + i), { reason: 'publish-rate', amount: 400 })),
    ],
    finds: 0,
  },
  'a history sent at the first start is none': {
    given: times(900, (i) => reading(second(0) + i * 4, { seq: i, deviceTime: second(-13_500 + i * 15) })),
    finds: 0,
  },
  'a flood with old times that hardly advance is found': {
    given: [...minute, ...burst(600, 1_000, 10, (i) => ({ deviceTime: second(100) + i }))],
    finds: 1,
  },
  'throttles speak of a flood that the broker held back': {
    given: [...minute, ...times(3, (i) => session('throttled', second(61 + i), { reason: 'publish-rate', amount: 900 }))],
    finds: 1,
    why: /the broker throttled it 2 times/,
  },
  'few but huge messages are found': {
    given: [...minute, ...burst(60, 10, 1_000, () => ({ bytes: 100_000 }))],
    finds: 1,
    why: /300000 bytes/,
  },
  'a clock that is an hour wrong changes nothing': {
    given: [
      ...readings({ count: 60 }, (_, at) => ({ deviceTime: at - 3_600_000 })),
      ...burst(60, 1_000, 10, (_, at) => ({ deviceTime: at - 3_600_000 })),
    ],
    finds: 1,
  },
})

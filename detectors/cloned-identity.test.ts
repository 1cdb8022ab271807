import { describeDetector } from '../stream/host/harness.ts'
import detector from './cloned-identity.ts'
import { again, readings, second, session, times } from './stories/observations.ts'

const [ward, attacker] = ['10.1.0.7', '10.66.6.6']

/** The second connects while the first is still in: the broker tells a takeover, then the connect, and ends the first. */
const takeover = (at: number, n: number, to: string, from: string) => [
  session('takeover', second(at), { address: to, session: `s${n}`, reason: `previous-address ${from}` }),
  session('disconnect', second(at), { address: from, session: `s${n - 1}`, reason: 'taken-over' }),
  session('connect', second(at), { address: to, session: `s${n}` }),
]
const first = session('connect', second(0), { address: ward, session: 's0' })
const pingPong = (count: number, everySeconds: number) =>
  times(count, (i) => takeover((i + 1) * everySeconds, i + 1, i % 2 === 0 ? attacker : ward, i % 2 === 0 ? ward : attacker))

/** Readings of two devices that count for themselves, in turn. */
const interleaved = (count: number, seqs: readonly [number, number], lateMs: readonly [number, number] = [0, 0]) =>
  readings({ count, everyMs: 500 }, (i, at) => ({ seq: seqs[i % 2]! + (i >> 1), deviceTime: at - lateMs[i % 2]! }))

describeDetector(detector, {
  'two that wrest the session from each other are found at the third takeover': {
    given: [first, ...pingPong(3, 5)],
    finds: 1,
    why: /^monitor-1 moved 3 times within 10 s between 10\.1\.0\.7 and 10\.66\.6\.6, cutting off a live session 3 times/,
  },
  'a contest that goes on is told once a minute': { given: [first, ...pingPong(40, 5)], finds: 4 },
  'a device that roams once is not cloned': { given: [first, ...pingPong(1, 5)], finds: 0 },
  'a device that roams and comes back is not cloned': { given: [first, ...pingPong(2, 60)], finds: 0 },
  'a walk along five access points is not a contest': {
    given: [first, ...times(5, (i) => takeover((i + 1) * 20, i + 1, `10.1.0.${20 + i}`, i === 0 ? ward : `10.1.0.${19 + i}`))],
    finds: 0,
  },
  'reconnecting after a loss from a new address is DHCP': {
    given: times(12, (i) => [
      session('connect', second(i * 60), { address: `10.1.${i}.7`, session: `s${i}` }),
      session('disconnect', second(i * 60 + 50), { address: `10.1.${i}.7`, session: `s${i}`, reason: 'lost' }),
    ]),
    finds: 0,
  },
  'reconnecting from the same address again and again is a bad cable': {
    given: [first, ...times(20, (i) => takeover((i + 1) * 3, i + 1, ward, ward))],
    finds: 0,
  },
  'one certificate that signs in from two addresses by turns is found': {
    given: times(8, (i) => [
      session('connect', second(i * 20), { address: i % 2 === 0 ? ward : attacker, session: `s${i}` }),
      session('disconnect', second(i * 20 + 15), { address: i % 2 === 0 ? ward : attacker, session: `s${i}`, reason: 'client' }),
    ]),
    finds: 1,
  },
  'two counters that alternate are found': {
    given: interleaved(20, [100, 9_000]),
    finds: 1,
    why: /went back and forth 6 times .* between two message counters/,
  },
  'a backlog sent between live readings is one device': { given: interleaved(40, [100, 9_000], [3_600_000, 0]), finds: 0 },
  'a restarted counter is one device': {
    given: [...readings({ count: 30, seq: 500 }), ...readings({ count: 30, fromMs: second(31), seq: 0 })],
    finds: 0,
  },
  'repeats and losses are one device': {
    given: readings({ count: 60 }, (i) => ({ seq: 100 + i * 3 - (i % 4 === 0 ? 5 : 0) })),
    finds: 0,
  },
  'a replay is not a clone': {
    given: [...readings({ count: 60, seq: 1_000 }), ...times(40, (i) => again(readings({ count: 1, seq: 1_000 + i })[0]!, second(61 + i)))],
    finds: 0,
  },
})

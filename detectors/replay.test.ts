import { describeDetector } from '../stream/host/harness.ts'
import detector from './replay.ts'
import { again, reading, readings, second, session, times } from './stories/observations.ts'

const heard = readings({ count: 200 })
const connect = session('connect', second(199.5), { session: 'session-2' })

describeDetector(detector, {
  'a recorded stretch played again is found': {
    given: [...heard, ...heard.slice(20, 50).map((old, i) => again(old, second(201 + i * 0.2)))],
    finds: 1,
    why: /^3 old readings of monitor-1 came again within .*, the last with sequence number 23 where 201 was due and its clock 3 min behind/,
  },
  'bytes that came lately are told to be the same': {
    given: [...heard, ...heard.slice(180, 190).map((old, i) => again(old, second(260 + i)))],
    finds: 1,
    why: /3 of them byte for byte/,
  },
  'a replay between live readings is found': {
    given: [...heard, ...times(20, (i) => again(heard[i]!, second(20.5 + i + 150)))],
    finds: 1,
  },
  'a replay that calls itself a redelivery is found': {
    given: [...heard, connect, ...heard.slice(20, 40).map((old, i) => again(old, second(201 + i * 0.1), { redelivered: true }))],
    finds: 1,
  },
  'a replay of the latest that stops short of the newest is unmasked by the next reading': {
    given: [
      ...heard,
      connect,
      ...heard.slice(150, 180).map((old, i) => again(old, second(200 + i * 0.1))),
      ...readings({ count: 3, fromMs: second(204), seq: 201 }),
    ],
    finds: 1,
    why: /^30 old readings/,
  },
  'a replay that goes on is told once a minute': {
    given: [...heard, ...times(170, (i) => again(heard[i]!, second(201 + i)))],
    finds: 3,
  },
  'the redelivery of the last forty after a reconnect is none': {
    given: [
      ...heard,
      connect,
      ...heard.slice(160).map((old, i) => again(old, second(200 + i * 0.01), { session: 'session-2' })),
      ...readings({ count: 60, fromMs: second(201), seq: 201 }),
    ],
    finds: 0,
  },
  'a redelivery that says so is none': {
    given: [...heard, ...heard.slice(190).map((old) => again(old, second(200), { redelivered: true }))],
    finds: 0,
  },
  'two duplicates are none': { given: [...heard, ...heard.slice(20, 22).map((old) => again(old, second(201)))], finds: 0 },
  'a device that sends everything twice is none': { given: heard.flatMap((one) => [one, again(one, one.receivedAt + 5)]), finds: 0 },
  'a backlog after ten minutes offline is none': {
    given: [
      ...heard,
      session('connect', second(800)),
      ...times(600, (i) => reading(second(800) + i * 20, { seq: 201 + i, deviceTime: second(200 + i) })),
      ...readings({ count: 60, fromMs: second(820), seq: 801 }),
    ],
    finds: 0,
  },
  'a backlog sent after the live readings is none': {
    given: [
      ...heard,
      ...readings({ count: 100, fromMs: second(500), seq: 501 }),
      ...times(300, (i) => reading(second(601) + i * 20, { seq: 201 + i, deviceTime: second(200 + i) })),
    ],
    finds: 0,
  },
  'a replayed backlog is found': {
    given: [
      ...heard,
      ...readings({ count: 100, fromMs: second(500), seq: 501 }),
      ...times(300, (i) => reading(second(601) + i * 20, { seq: 201 + i, deviceTime: second(200 + i) })),
      ...times(30, (i) => reading(second(700 + i), { seq: 301 + i, deviceTime: second(300 + i) })),
    ],
    finds: 1,
  },
  'a restart with a fresh counter is none': { given: [...heard, ...readings({ count: 100, fromMs: second(240), seq: 1 })], finds: 0 },
  'a restart that also lost the clock is none': {
    given: [...heard, ...readings({ count: 100, fromMs: second(240), seq: 1 }, (i) => ({ deviceTime: 1_000 * i }))],
    finds: 0,
  },
  'equal values of a device without counter and clock are none': {
    given: readings({ count: 300, seq: null }, () => ({ deviceTime: null, payloadHash: 7 })),
    finds: 0,
  },
  'without a counter the same bytes with an old time are found': {
    given: [
      ...readings({ count: 40, seq: null }),
      ...readings({ count: 40, seq: null })
        .slice(10, 20)
        .map((old, i) => again(old, second(60 + i))),
    ],
    finds: 1,
    why: /3 of them byte for byte and its clock/,
  },
})

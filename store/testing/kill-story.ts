import type { AppendRecord } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { finding, findingRecord, message, noon, sessionRecord } from './story-log.ts'

/** A small seeded generator (mulberry32): the same seed gives the same story. */
export const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface KillStory {
  readonly records: ReadonlyMap<LogTopicName, readonly AppendRecord[]>
  /** What must stand in ClickHouse at the end. */
  readonly expected: {
    readonly readings: number
    readonly redeliveries: number
    readonly deadLetters: number
    readonly sessions: number
    readonly findings: number
  }
}

/** Readings with redeliveries and dead letters among them, sessions, and findings that a host repeated after crashes of its own. */
export const killRecords = (seed: number, messages = 4_000): KillStory => {
  const random = createRandom(seed)
  const device: AppendRecord[] = []
  const source: AppendRecord[] = []
  const findings: AppendRecord[] = []
  const sent: AppendRecord[][] = [[], [], [], []]
  const expected = { readings: 0, redeliveries: 0, deadLetters: 0, sessions: 0, findings: 0 }
  for (let n = 0; n < messages; n++) {
    const partition = Math.floor(random() * 4)
    const roll = random()
    const before = sent[partition]!
    if (roll < 0.01) {
      device.push(message(`dev-${partition}`, `{"broken ${n}`, { partition }))
      expected.deadLetters++
    } else if (roll < 0.06 && before.length > 0) {
      device.push(before[Math.max(0, before.length - 1 - Math.floor(random() * 20))]!)
      expected.redeliveries++
    } else {
      const name = `dev-${partition}-${n % 50}`
      const one = message(
        name,
        { ts: noon + n * 100, seq: n, fw: '1', vitals: { hr: n % 200, spo2: 90 + (n % 10) } },
        { partition, at: noon + n * 100 },
      )
      before.push(one)
      device.push(one)
      expected.readings++
    }
    if (n % 20 === 0) {
      source.push(sessionRecord({ session: `s-${n}`, receivedAt: noon + n }, Math.floor(random() * 4)))
      expected.sessions++
    }
    if (n % 25 === 0) {
      const first = findingRecord(finding({ offset: n, source: n % 4 }), n % 4)
      findings.push(first)
      expected.findings++
      if (random() < 0.2) findings.push(first)
    }
  }
  const records = new Map<LogTopicName, AppendRecord[]>([
    ['observations.by-device.v1', device],
    ['observations.by-source.v1', source],
    ['findings.v1', findings],
  ])
  return { records, expected }
}

// Fills a log with a healthy fleet's life: a program of its own, so that none of its cost is the host's.
import { readFileSync } from 'node:fs'
import { encodeClock, encodeMessage, encodeMessageHeader, encodeObservation } from '../contracts/envelope.ts'
import type { AppendRecord } from '../contracts/event-log.ts'
import { type LogTopicName, logTopics } from '../contracts/log-topics.ts'
import type { Session } from '../contracts/observation.ts'
import { healthyLife } from '../simulators/healthy-life.ts'
import { planFleet } from '../simulators/fleet.ts'
import { openBenchLog } from './bench-log.ts'
import type { HostBenchPlan } from './host.ts'

const plan = JSON.parse(readFileSync(0, 'utf8')) as HostBenchPlan
const log = await openBenchLog(plan.log)
const { devices } = planFleet({ seed: plan.seed, devices: plan.devices, senmlShare: 0 })
const topics = ['observations.by-device.v1', 'observations.by-source.v1', 'observations.by-cohort.v1'] as const
const startAtMs = 1_795_000_000_000
let batch: AppendRecord[] = []
/** Appends are in the log in the order of their calls: a few may be under way. */
let underWay: Promise<void>[] = []
const underWayMax = 64
const put = (topic: LogTopicName, records: readonly AppendRecord[]): void => void underWay.push(log.append(topic, records))
let messages = 0
let records = 0
let clockMs = startAtMs
const headers = new Map<string, Buffer>()

for (const event of healthyLife({ devices, startAtMs, durationMs: plan.durationMs })) {
  while (clockMs <= event.atMs) {
    const clock = encodeClock('bench', clockMs)
    for (const topic of topics.slice(1))
      put(
        topic,
        Array.from({ length: logTopics[topic].partitions }, (_, partition) => ({ key: 'clock', value: clock, partition })),
      )
    for (let partition = 0; partition < logTopics[topics[0]].partitions; partition++) batch.push({ key: 'clock', value: clock, partition })
    clockMs += 1_000
  }
  if (event.kind === 'message') {
    const name = `${event.session}/${event.leaf}/${event.device}`
    const header = headers.get(name) ?? encodeMessageHeader(event)
    headers.set(name, header)
    batch.push({ key: event.device, value: encodeMessage(header, event.payload, event.atMs, event.redelivered) })
    messages++
  } else {
    const { device, site, model, session, address, event: what, reason } = event
    const observation: Session = {
      kind: 'session',
      receivedAt: event.atMs,
      event: what,
      device,
      site,
      model,
      session,
      address,
      reason,
      clientId: device,
      userName: null,
      fingerprint: null,
      tlsVersion: 'TLSv1.3',
      cipher: null,
      topic: null,
      amount: null,
    }
    batch.push({ key: device, value: encodeObservation(observation) })
  }
  if (batch.length >= 2_000) {
    put(topics[0], batch)
    records += batch.length
    batch = []
  }
  if (underWay.length >= underWayMax) {
    await Promise.all(underWay)
    underWay = []
  }
}
put(topics[0], batch)
records += batch.length
await Promise.all(underWay)
await log.close()
process.stdout.write(`${JSON.stringify({ messages, records })}\n`)
process.exit(0)

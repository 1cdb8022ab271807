import { expect, it } from 'vitest'
import { encodeClock, encodeObservation } from '../../contracts/envelope.ts'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import { type Finding, finding as findingSchema } from '../../contracts/finding.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { Observation } from '../../contracts/observation.ts'
import { partitionOf } from '../../contracts/partitioner.ts'
import { type LogMemory, openMemoryLog } from '../memory-log.ts'
import { runBacktest } from './backtest.ts'
import { type DetectorHostOptions, createDetectorHost } from './detector-host.ts'
import { compareFindings, findingLine } from './finding-line.ts'
import { createMemoryStateStore } from './memory-state-store.ts'
import { cohortForTests, detectorsForTests, presenceForTests } from './stages-for-tests.ts'

const byDevice = 'observations.by-device.v1'
const startMs = 1_795_000_000_000
const decoder: EnvelopeDecoder = {
  version: 1,
  decode: (value) => ({ outcome: 'ok', observation: JSON.parse(Buffer.from(value.subarray(8)).toString()) as Observation }),
}
const detectors = [...detectorsForTests, cohortForTests]

const reading = (device: string, n: number): Observation =>
  ({ kind: 'reading', device, site: 'north', receivedAt: startMs + n * 100, bytes: n, seq: n }) as unknown as Observation

/** `count` readings of nine devices, a clock record on every partition after each ten. */
const feed = async (log: EventLog, from: number, count: number): Promise<void> => {
  for (let n = from; n < from + count; n++) {
    const device = `device-${n % 9}`
    await log.append(byDevice, [{ key: device, value: encodeObservation(reading(device, n)) }])
    if (n % 10 !== 0) continue
    for (const topic of [byDevice, 'observations.by-cohort.v1'] as const) {
      for (let partition = 0; partition < 4; partition++)
        await log.append(topic, [{ key: '', partition, value: encodeClock('edge', startMs + n * 100) }])
    }
  }
}

/** Goes through the event loop until it holds; the test's own time limit ends a wait in vain. */
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => void setImmediate(resolve))
}

const contents = async (log: EventLog, topic: LogTopicName) => {
  const records: { partition: number; key: string; offset: number; value: Uint8Array }[] = []
  for (const { partition, earliest, next } of await log.ranges([topic])) {
    for await (const batch of log.read(topic, partition, earliest, next))
      records.push(...batch.records.map((record) => ({ partition, ...record })))
  }
  return records
}
const findingsIn = async (log: EventLog): Promise<Finding[]> =>
  (await contents(log, 'findings.v1')).map(({ value }) => findingSchema.parse(JSON.parse(Buffer.from(value).toString())))

const backtest = async (log: EventLog): Promise<Finding[]> => {
  const found: Finding[] = []
  const topics = [byDevice, 'observations.by-source.v1', 'observations.by-cohort.v1'] as const
  const batches = async function* () {
    for (const { topic, partition, earliest, next } of await log.ranges(topics)) yield* log.read(topic, partition, earliest, next)
  }
  for await (const finding of runBacktest({
    batches: batches(),
    detectors,
    derivations: [presenceForTests],
    decoder,
    timeline: 'recorded',
    sizeCheckSteps: 8,
  })) {
    found.push(finding)
  }
  return found.sort(compareFindings)
}

const hostOn = (log: EventLog, options: Partial<DetectorHostOptions> = {}) => {
  const clock = { ms: startMs + 60_000, now: () => clock.ms }
  const host = createDetectorHost({
    log,
    stateStore: createMemoryStateStore(),
    decoder,
    detectors,
    derivations: [presenceForTests],
    group: 'detect',
    logger: silentLogger,
    clock,
    sizeCheckSteps: 8,
    batchRecordsMax: 7,
    ...options,
  })
  return { host, clock }
}
const caughtUp = async (log: EventLog, host: ReturnType<typeof createDetectorHost>): Promise<void> => {
  const ends = await log.ranges([byDevice])
  const records = ends.reduce((sum, { next }) => sum + next, 0)
  await until(() => host.stats().records >= records && Object.values(host.stats().lag).every((lag) => lag === 0))
}

it('what it finds is durable at once, beside the device that it is about, and equals a backtest byte for byte', async () => {
  const log = openMemoryLog()
  const { host } = hostOn(log)
  await host.start()
  await feed(log, 0, 300)
  await caughtUp(log, host)
  await host.close()
  await host.failed
  const said = await findingsIn(log)
  expect(said.length).toBeGreaterThan(100)
  expect(said.sort(compareFindings).map(findingLine)).toEqual((await backtest(log)).map(findingLine))
  for (const { key, partition, value } of await contents(log, 'findings.v1')) {
    const { device, position } = JSON.parse(Buffer.from(value).toString()) as Finding
    expect([key, partition]).toEqual([device, position.partition])
  }
  const stats = host.stats()
  expect(stats.findings['counts']).toBe(said.filter(({ detector }) => detector === 'counts').length)
  expect(stats.recordToFinding.count).toBe(said.length)
  expect(stats.observations.reading).toBe(300)
  expect(stats.checkpoint).toMatchObject({ written: 8, failed: 0 })
  expect(stats.faults['throws']).toBeGreaterThan(0)
  expect(stats.checkpoint.stateBytesMean).toBeGreaterThan(100)
})

it('derived observations go to the cohort of their site', async () => {
  const log = openMemoryLog()
  const { host } = hostOn(log)
  await host.start()
  await feed(log, 0, 60)
  await caughtUp(log, host)
  await until(() => host.stats().observations.presence === host.stats().derived && host.stats().derived > 0)
  await host.close()
  const derived = (await contents(log, 'observations.by-cohort.v1')).filter(({ key }) => key !== '')
  expect(new Set(derived.map(({ key, partition }) => `${key} ${partition}`))).toEqual(
    new Set([`site:north ${partitionOf('site:north', 4)}`]),
  )
  expect((await findingsIn(log)).filter(({ detector }) => detector === 'cohort').map(({ key }) => key)).toContain('site:north')
})

it('lives that die without a word at any point say together what one life says', async () => {
  const memory: LogMemory = new Map()
  const stateStore = createMemoryStateStore()
  for (let life = 0; life < 12; life++) {
    const log = openMemoryLog(memory)
    // The dying life's appends end with it; what it would still checkpoint is lost.
    let dead = false
    const dying: EventLog = {
      ...log,
      append: (topic, records) => (dead ? Promise.reject(new LogUnavailable('io', 'dead')) : log.append(topic, records)),
    }
    const mortal = {
      ...stateStore,
      write: (...args: Parameters<typeof stateStore.write>) => (dead ? Promise.reject(new Error('dead')) : stateStore.write(...args)),
    }
    const { host, clock } = hostOn(dying, { stateStore: mortal, checkpointEveryMs: 1 })
    await host.start()
    await feed(log, life * 40, 40)
    const enough = host.stats().records + 1 + ((life * 13) % 60)
    await until(() => {
      clock.ms++
      return host.stats().records >= enough || Object.values(host.stats().lag).every((lag) => lag === 0)
    })
    dead = true
    await host.close()
  }
  const log = openMemoryLog(memory)
  const { host } = hostOn(log, { stateStore })
  await host.start()
  await until(() => Object.values(host.stats().lag).every((lag) => lag === 0) && host.stats().records > 0)
  await caughtUpFrom(log, host)
  await host.close()
  const lines = (findings: readonly Finding[]) => [...new Set(findings.map(findingLine))].sort()
  // Cohort findings hang on positions of records that a replay appends again: those fold by the detector's own idempotence.
  const ofDevices = (findings: readonly Finding[]) => findings.filter(({ detector }) => detector !== 'cohort')
  expect(lines(ofDevices(await findingsIn(log)))).toEqual(lines(ofDevices(await backtest(log))))
})

const caughtUpFrom = async (log: EventLog, host: ReturnType<typeof createDetectorHost>): Promise<void> => {
  const ends = new Map((await log.ranges([byDevice])).map(({ partition, next }) => [`${byDevice}/${partition}`, next]))
  await until(() => [...ends].every(([name, next]) => (host.stats().nextOffset[name] ?? 0) >= next))
}

it('while the log is away findings wait in order, nothing is lost, and no checkpoint runs ahead of them', async () => {
  const log = openMemoryLog()
  let away = true
  const flaky: EventLog = {
    ...log,
    append: (topic, records) =>
      away && topic === 'findings.v1' ? Promise.reject(new LogUnavailable('disk-full', 'full')) : log.append(topic, records),
  }
  const stateStore = createMemoryStateStore()
  const { host, clock } = hostOn(flaky, { stateStore, checkpointEveryMs: 1 })
  await host.start()
  await feed(log, 0, 100)
  await caughtUp(log, host)
  clock.ms += 1_000
  await feed(log, 100, 100)
  await caughtUp(log, host)
  expect(await findingsIn(log)).toEqual([])
  // Only what said nothing may be ahead: a partition of readings has always said something by now.
  const withFindings = Object.entries(host.stats().waiting).filter(([, waiting]) => waiting > 0)
  expect(withFindings.length).toBeGreaterThan(0)
  for (const [name] of withFindings) expect(stateStore.partitions.has(name)).toBe(false)
  away = false
  await until(() => Object.values(host.stats().waiting).every((waiting) => waiting === 0))
  await host.close()
  expect((await findingsIn(log)).sort(compareFindings).map(findingLine)).toEqual((await backtest(log)).map(findingLine))
})

it('a host whose log is away closes all the same, without a checkpoint that would lose findings', async () => {
  const log = openMemoryLog()
  const flaky: EventLog = {
    ...log,
    append: (topic, records) => (topic === 'findings.v1' ? Promise.reject(new LogUnavailable('io', 'away')) : log.append(topic, records)),
  }
  const stateStore = createMemoryStateStore()
  const { host } = hostOn(flaky, { stateStore })
  await host.start()
  await feed(log, 0, 100)
  await caughtUp(log, host)
  const withFindings = Object.entries(host.stats().waiting).filter(([, waiting]) => waiting > 0)
  expect(withFindings.length).toBeGreaterThan(0)
  await host.close()
  for (const [name] of withFindings) expect(stateStore.partitions.has(name)).toBe(false)
  const { host: next } = hostOn(log, { stateStore })
  await next.start()
  await caughtUp(log, next)
  await next.close()
  expect((await findingsIn(log)).sort(compareFindings).map(findingLine)).toEqual((await backtest(log)).map(findingLine))
})

it('a checkpoint that could not be written is carried by the next one', async () => {
  const log = openMemoryLog()
  let broken = true
  const stateStore = createMemoryStateStore(async () => {
    if (broken) throw new Error('no space')
  })
  const { host, clock } = hostOn(log, { stateStore, checkpointEveryMs: 1 })
  await host.start()
  await feed(log, 0, 50)
  clock.ms += 10
  await feed(log, 50, 1)
  await caughtUp(log, host)
  await until(() => host.stats().checkpoint.failed > 0)
  broken = false
  await host.close()
  expect(host.stats().checkpoint.written).toBeGreaterThan(0)
  const { host: next } = hostOn(log, { stateStore })
  await next.start()
  expect(next.stats().keys).toBe(host.stats().keys)
  expect(next.stats().records).toBe(0)
  await next.close()
})

it('an append that no patience mends fails the host', async () => {
  const log = openMemoryLog()
  const broken: EventLog = {
    ...log,
    append: (topic, records) => (topic === 'findings.v1' ? Promise.reject(new TypeError('a bug')) : log.append(topic, records)),
  }
  const { host } = hostOn(broken)
  await host.start()
  await feed(log, 0, 100)
  await expect(host.failed).rejects.toThrow('a bug')
  await host.close()
})

it('records that retention dropped are told, and the rest is read', async () => {
  const log = openMemoryLog()
  const stateStore = createMemoryStateStore()
  const { host } = hostOn(log, { stateStore })
  await host.start()
  await feed(log, 0, 50)
  await caughtUp(log, host)
  await host.close()
  await feed(log, 50, 100)
  for (const { partition, next } of await log.ranges([byDevice])) log.dropBelow(byDevice, partition, next - 2)
  const { host: late } = hostOn(log, { stateStore })
  await late.start()
  await until(() => Object.values(late.stats().lag).every((lag) => lag === 0) && late.stats().outOfRange === 4 && late.stats().records >= 8)
  await late.close()
})

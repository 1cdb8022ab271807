import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blobsOf, demandOf, type Deployment, statesPerSecond } from './demand.ts'
import { createFluidQueue } from './fluid-queue.ts'
import { limitsOf, saturationOrder } from './limits.ts'
import { blobBytes } from './measured.ts'
import { capacityOf, tellCapacity } from './report.ts'
import { capacityMarkdown } from './scale-doc.ts'
import { simulateDay } from './simulate-day.ts'
import { builtPartitions, sizeParts } from './size-parts.ts'

const usual: Deployment = {
  devices: 10_000,
  messagesPerSecondPerDevice: 0.5,
  payloadBytes: 222,
  retentionDays: 90,
  replication: 3,
  lingerMs: 16,
  seed: 1,
}
const deployments: fc.Arbitrary<Deployment> = fc.record({
  devices: fc.integer({ min: 1, max: 20_000_000 }),
  messagesPerSecondPerDevice: fc.double({ min: 0, max: 20, noNaN: true }),
  payloadBytes: fc.integer({ min: 1, max: 262_144 }),
  retentionDays: fc.integer({ min: 1, max: 3_650 }),
  replication: fc.integer({ min: 1, max: 5 }),
  lingerMs: fc.integer({ min: 1, max: 100 }),
  seed: fc.nat(1_000),
})
/** What rounds in the last digits may differ by. */
const nearly = 1 + 1e-9

describe('sizes', () => {
  it('are nowhere less for more devices', () => {
    fc.assert(
      fc.property(deployments, fc.integer({ min: 1, max: 20_000_000 }), (deployment, more) => {
        const few = sizeParts(deployment)
        const many = sizeParts({ ...deployment, devices: deployment.devices + more })
        for (const [i, part] of few.parts.entries())
          for (const [name, value] of Object.entries(part))
            if (typeof value === 'number')
              expect(many.parts[i]![name as 'cores'] * nearly, `${part.part} ${name}`).toBeGreaterThanOrEqual(value)
        expect(many.partitions).toBeGreaterThanOrEqual(few.partitions)
        expect(many.statesPerSecond * nearly).toBeGreaterThanOrEqual(few.statesPerSecond)
      }),
    )
  })

  it('are finite and not negative, with no part missing and no core more than half busy but where detect follows', () => {
    fc.assert(
      fc.property(deployments, (deployment) => {
        const { parts } = sizeParts(deployment)
        expect(parts.map(({ part }) => part)).toEqual(['edge', 'kafka', 'detect', 'sink', 'clickhouse', 'desk'])
        for (const { part, instances, cores, coresBusy, memoryBytes, diskBytes, networkBytesPerSecond } of parts) {
          for (const value of [coresBusy, memoryBytes, diskBytes, networkBytesPerSecond]) {
            expect(Number.isFinite(value)).toBe(true)
            expect(value).toBeGreaterThanOrEqual(0)
          }
          expect(instances).toBeGreaterThanOrEqual(1)
          expect(cores).toBeGreaterThanOrEqual(instances)
          if (part !== 'detect') expect(coresBusy).toBeLessThanOrEqual(cores * 0.5 * nearly)
        }
      }),
    )
  })

  it('a blob holds one message at least, and the more it holds the fewer bytes a message takes', () => {
    fc.assert(
      fc.property(deployments, fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 64 }), (deployment, edges, partitions) => {
        const { messagesPerSecond } = demandOf(deployment)
        const one = blobsOf(deployment, messagesPerSecond, edges, partitions)
        expect(one.messagesPerBlob).toBeGreaterThanOrEqual(1)
        const fewer = blobsOf(deployment, messagesPerSecond, edges, partitions * 2)
        expect(fewer.bytesPerMessage * nearly).toBeGreaterThanOrEqual(one.bytesPerMessage)
        expect(fewer.blobsPerSecond * fewer.messagesPerBlob).toBeCloseTo(messagesPerSecond, 3)
      }),
    )
  })

  it('says the measured bytes for the measured blobs', () => {
    for (const { messages, bytesPerMessage } of blobBytes) {
      const perSecond = (messages * 2 * 1_000) / 16
      const deployment = { ...usual, payloadBytes: 0 }
      expect(
        blobsOf({ ...deployment, payloadBytes: 1 }, perSecond, 1, 2).bytesPerMessage /
          blobsOf({ ...deployment, payloadBytes: 1 }, 1, 1, 1).bytesPerMessage,
      ).toBeCloseTo(bytesPerMessage / blobBytes[0]!.bytesPerMessage, 6)
    }
  })

  it('states: no more than messages, and each device once in five seconds at most while few speak', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 0.001, max: 100, noNaN: true }),
        (devices, partitions, rate) => {
          const states = statesPerSecond(devices, partitions, rate)
          expect(states).toBeGreaterThanOrEqual(0)
          expect(states).toBeLessThanOrEqual(devices * rate * nearly)
          if (devices / partitions <= 2_048) expect(states).toBeLessThanOrEqual((devices / 5) * nearly)
        },
      ),
    )
  })
})

describe('limits', () => {
  it('each is full where it says so, and not one device before', () => {
    const limits = saturationOrder(usual)
    expect(limits.filter(({ fullAtDevices }) => fullAtDevices !== null).length).toBeGreaterThan(5)
    for (const { part, name, fullAtDevices } of limits) {
      if (fullAtDevices === null) continue
      const usedAt = (devices: number): number => {
        const there = { ...usual, devices }
        return limitsOf(there, sizeParts(there)).find((limit) => limit.part === part && limit.name === name)!.used
      }
      expect(usedAt(fullAtDevices)).toBeGreaterThanOrEqual(1)
      expect(usedAt(fullAtDevices - 1)).toBeLessThan(1)
    }
    const full = limits.map(({ fullAtDevices }) => fullAtDevices ?? Infinity)
    expect(full).toEqual(full.toSorted((a, b) => a - b))
  })

  it('a limit that is used up is named as such', () => {
    expect(tellCapacity(capacityOf(usual))).toContain('Nothing is full. First would be: detect')
    const text = tellCapacity(capacityOf({ ...usual, devices: 10_000_000 }))
    expect(text).toMatch(/^Full, the first to fill first: .*detect, one consumer a partition/m)
  })
})

describe('a simulated day', () => {
  it('loses and invents nothing: what arrived was worked off or waits, stage by stage', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(deployments, fc.integer({ min: 1, max: 64 }), (deployment, partitions) => {
        const { totals, aftermaths } = simulateDay(deployment, sizeParts(deployment), partitions)
        for (const { arrived, worked, queued } of Object.values(totals)) {
          expect(queued).toBeGreaterThanOrEqual(0)
          expect(worked).toBeGreaterThanOrEqual(0)
          expect(Math.abs(arrived - worked - queued)).toBeLessThanOrEqual(1e-6 * Math.max(1, arrived))
        }
        expect(totals.detect.arrived).toBe(totals.devices.worked)
        expect(totals.sink.arrived).toBe(totals.devices.worked)
        for (const { queuedMax, drainSeconds } of aftermaths) {
          expect(queuedMax).toBeGreaterThanOrEqual(0)
          if (drainSeconds !== null) expect(drainSeconds).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('is the same for the same seed and another for another', () => {
    const sizes = sizeParts(usual)
    const day = (seed: number) => simulateDay({ ...usual, seed }, sizes, builtPartitions)
    expect(day(5)).toEqual(day(5))
    expect(day(5).totals).not.toEqual(day(6).totals)
  })

  it('an hour without Kafka is an hour of messages at the devices, and drains', () => {
    const { aftermaths } = simulateDay(usual, sizeParts(usual), builtPartitions)
    const waited = aftermaths.find(({ event, queue }) => event.name.startsWith('Kafka away') && queue === 'devices')!
    expect(waited.queuedMax).toBeGreaterThanOrEqual(10_000 * 0.5 * 3_600)
    expect(waited.queuedMax).toBeLessThan(10_000 * 0.5 * 3_600 * 1.01)
    expect(waited.drainSeconds).toBeGreaterThan(0)
  })

  it('too few partitions never catch up, and it says so', () => {
    const many = { ...usual, devices: 3_000_000 }
    const { aftermaths } = simulateDay(many, sizeParts(many), builtPartitions)
    expect(aftermaths.find(({ queue }) => queue === 'sink')).toMatchObject({ drainSeconds: null })
  })
})

it('a queue works off what it can', () => {
  const queue = createFluidQueue()
  expect([queue.step(5, 3), queue.queued, queue.step(0, 3), queue.queued]).toEqual([3, 2, 2, 0])
  expect([queue.arrivedTotal, queue.workedTotal]).toEqual([5, 5])
})

it('docs/scale.md has the tables that the command prints', () => {
  // To mend it: npx wardwatch capacity --table, between the two marks of the file.
  const doc = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8')
  const [, between] = /<!-- wardwatch capacity --table -->\n([\s\S]*?)<!-- end -->/.exec(doc)!
  expect(between).toBe(capacityMarkdown())
})

import { expect, it } from 'vitest'
import { planFleet } from './fleet.ts'
import { type LifeEvent, healthyLife } from './healthy-life.ts'
import { mergeByTime } from './merge-by-time.ts'
import fc from 'fast-check'

const fleet = planFleet({ seed: 3, devices: 40 })
const startAtMs = Date.UTC(2026, 10, 23, 9)
const hour = [...healthyLife({ devices: fleet.devices, startAtMs, durationMs: 3_600_000 })]
const messages = hour.filter((event): event is Extract<LifeEvent, { kind: 'message' }> => event.kind === 'message')
const seqOf = (payload: Buffer): number | undefined => (JSON.parse(payload.toString()) as { seq?: number }).seq

it('an hour is in time order and the same each time', () => {
  expect(hour.every(({ atMs }, i) => i === 0 || atMs >= hour[i - 1]!.atMs)).toBe(true)
  expect(hour.at(-1)!.atMs).toBeLessThan(startAtMs + 3_600_000)
  const again = [...healthyLife({ devices: fleet.devices, startAtMs, durationMs: 3_600_000 })]
  expect(again.length).toBe(hour.length)
  expect(again.at(-1)).toEqual(hour.at(-1))
})

it('has what healthy devices do: reconnects, backlogs, redeliveries', () => {
  const connects = hour.filter((event) => event.kind === 'session' && event.event === 'connect').length
  expect(connects).toBeGreaterThan(fleet.devices.length + 5)
  expect(messages.some(({ redelivered }) => redelivered)).toBe(true)
  const lateBySeconds = messages.map(
    ({ atMs, payload }) => (atMs - ((JSON.parse(payload.toString()) as { ts?: number }).ts ?? atMs)) / 1_000,
  )
  expect(Math.max(...lateBySeconds)).toBeGreaterThan(5)
})

it('a backlog comes at no more than fifty messages a second', () => {
  for (const { device } of fleet.devices) {
    const times = messages.filter((message) => message.device === device).map(({ atMs }) => atMs)
    for (let i = 50; i < times.length; i++) expect(times[i]! - times[i - 50]!).toBeGreaterThanOrEqual(1_000)
  }
})

it('no counter is left out and none comes twice but with DUP, until a device is switched off and on', () => {
  for (const { device, protocol } of fleet.devices) {
    if (protocol !== 'wardwatch-json') continue
    let high = 0
    for (const { payload, redelivered, leaf } of messages.filter((message) => message.device === device)) {
      if (leaf !== 'telemetry') continue
      const seq = seqOf(payload)!
      if (redelivered) expect(seq).toBeLessThanOrEqual(high)
      else {
        expect(seq === high + 1 || seq === 1).toBe(true)
        high = seq
      }
    }
  }
})

it('merging keeps time order and loses nothing', () => {
  const sorted = fc.array(fc.nat({ max: 50 })).map((times) => times.sort((a, b) => a - b).map((atMs) => ({ atMs })))
  fc.assert(
    fc.property(fc.array(sorted, { maxLength: 12 }), (sequences) => {
      const merged = [...mergeByTime(sequences)].map(({ atMs }) => atMs)
      expect(merged).toEqual(
        sequences
          .flat()
          .map(({ atMs }) => atMs)
          .sort((a, b) => a - b),
      )
    }),
  )
})

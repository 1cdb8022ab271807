import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reading } from '../contracts/observation.ts'
import type { Delivery } from '../contracts/redelivery.ts'
import { createRedeliveryFilter } from './redelivery.ts'

const reading = (over: Partial<Reading> = {}): Reading => ({
  kind: 'reading',
  device: 'd',
  site: 's',
  model: 'm',
  session: 'x',
  receivedAt: 2_000,
  deviceTime: 1_000,
  seq: 1,
  firmware: null,
  vitals: { hr: 72 },
  payloadHash: -7,
  bytes: 100,
  redelivered: false,
  ...over,
})
const answers = (...readings: Partial<Reading>[]): string[] => {
  const filter = createRedeliveryFilter()
  return readings.map((over) => filter.offer(over.device ?? 'd', reading(over)))
}

describe('a redelivery', () => {
  it('is the same reading a second time, over another session and received at another time', () => {
    expect(answers({}, { receivedAt: 9_000, session: 'y', redelivered: true }, { device: 'e' })).toEqual(['first', 'again', 'first'])
  })

  it.each<[string, Partial<Reading>, Partial<Reading>]>([
    ['sequence', {}, { seq: 2 }],
    ['bytes', {}, { payloadHash: 8 }],
    ['length', {}, { bytes: 101 }],
    ['time, where there is no sequence', { seq: null }, { seq: null, deviceTime: 1_001 }],
    ['kind: one with a sequence and one without', {}, { seq: null }],
  ])('is not one of another %s', (_, one, other) => {
    expect(answers(one, other)).toEqual(['first', 'first'])
  })

  it('is told when its clock was ahead, and clamped to another value at each delivery', () => {
    expect(answers({ deviceTime: 302_000 }, { receivedAt: 9_000, deviceTime: 309_000 })).toEqual(['first', 'again'])
  })

  it('is never said of readings without sequence and time: two equal ones may be two measurements', () => {
    expect(answers({ seq: null, deviceTime: null }, { seq: null, deviceTime: null })).toEqual(['first', 'first'])
  })

  it('is told by the time alone, and by the sequence alone', () => {
    for (const over of [{ seq: null }, { deviceTime: null }]) expect(answers(over, over)).toEqual(['first', 'again'])
  })

  it('is told across a restart when the filter was primed with what had landed, whichever sign the store gives the hash', () => {
    const filter = createRedeliveryFilter()
    filter.prime('d', [reading(), reading({ seq: 2, payloadHash: -7 >>> 0 })])
    expect([2, 1, 3].map((seq) => filter.offer('d', reading({ seq })))).toEqual(['again', 'again', 'first'])
  })
})

it('agrees with the plain rule over any stream and any restart: the last N distinct readings of each device', () => {
  const one = fc.record({
    device: fc.constantFrom('a', 'b', 'c'),
    deviceTime: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
    seq: fc.option(fc.integer({ min: 0, max: 12 }), { nil: null }),
    payloadHash: fc.constantFrom(-5, 5),
  })
  const same = (a: Delivery, b: Delivery): boolean =>
    a.payloadHash === b.payloadHash &&
    a.bytes === b.bytes &&
    a.seq === b.seq &&
    (a.seq !== null || (a.deviceTime !== null && a.deviceTime === b.deviceTime))
  fc.assert(
    fc.property(fc.array(one, { maxLength: 300 }), fc.integer({ min: 1, max: 40 }), fc.nat(300), (stream, perDeviceMax, restartAt) => {
      let filter = createRedeliveryFilter({ perDeviceMax })
      const landed = new Map<string, Reading[]>()
      stream.forEach((over, i) => {
        if (i === restartAt) {
          filter = createRedeliveryFilter({ perDeviceMax })
          for (const [device, rows] of landed) filter.prime(device, rows.slice(-perDeviceMax))
        }
        const now = reading(over)
        const rows = landed.get(now.device) ?? []
        const again = rows.slice(-perDeviceMax).some((row) => same(row, now))
        expect(filter.offer(now.device, now)).toBe(again ? 'again' : 'first')
        if (!again) landed.set(now.device, [...rows, now])
      })
    }),
  )
})

it('is bounded: the device not heard for longest is forgotten first', () => {
  const filter = createRedeliveryFilter({ devicesMax: 2 })
  for (const device of ['a', 'b', 'a', 'c']) filter.offer(device, reading())
  expect([filter.devices, filter.offer('a', reading()), filter.offer('b', reading())]).toEqual([2, 'again', 'first'])
})

it('what is forgotten is new again', () => {
  const filter = createRedeliveryFilter()
  filter.offer('a', reading())
  filter.forget()
  expect([filter.devices, filter.offer('a', reading()), filter.offer('a', reading())]).toEqual([0, 'first', 'again'])
})

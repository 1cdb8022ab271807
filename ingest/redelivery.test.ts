import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Delivery, createRedeliveryFilter } from './redelivery.ts'

const delivery = (over: Partial<Delivery> = {}): Delivery => ({
  deviceTime: 1_000,
  receivedAt: 2_000,
  seq: 1,
  payloadHash: 7,
  bytes: 100,
  ...over,
})

describe('a redelivery', () => {
  it('is the same reading a second time, received at another time', () => {
    const filter = createRedeliveryFilter()
    expect([filter.offer('d', delivery()), filter.offer('d', delivery({ receivedAt: 9_000 })), filter.offer('e', delivery())]).toEqual([
      'first',
      'again',
      'first',
    ])
  })

  it.each<[string, Partial<Delivery>]>([
    ['time', { deviceTime: 1_001 }],
    ['sequence', { seq: 2 }],
    ['bytes', { payloadHash: 8 }],
    ['length', { bytes: 101 }],
  ])('is not one of another %s', (_, other) => {
    const filter = createRedeliveryFilter()
    expect([filter.offer('d', delivery()), filter.offer('d', delivery(other))]).toEqual(['first', 'first'])
  })

  it('is told by its sequence number when its clock was ahead and was clamped', () => {
    const filter = createRedeliveryFilter()
    filter.offer('d', delivery({ receivedAt: 2_000, deviceTime: 302_000 }))
    expect(filter.offer('d', delivery({ receivedAt: 9_000, deviceTime: 309_000 }))).toBe('again')
    expect(filter.offer('d', delivery({ receivedAt: 900_000, deviceTime: 310_000 }))).toBe('again')
  })

  it('is never said of readings without sequence and time: two equal ones may be two measurements', () => {
    const filter = createRedeliveryFilter()
    const bare = delivery({ seq: null, deviceTime: null })
    expect([filter.offer('d', bare), filter.offer('d', bare)]).toEqual(['first', 'first'])
    const clamped = delivery({ seq: null, deviceTime: 5_000 })
    expect([filter.offer('d', clamped), filter.offer('d', clamped)]).toEqual(['first', 'first'])
  })

  it('is told by the time alone, and by the sequence alone', () => {
    for (const over of [{ seq: null }, { deviceTime: null }]) {
      const filter = createRedeliveryFilter()
      expect([filter.offer('d', delivery(over)), filter.offer('d', delivery(over))]).toEqual(['first', 'again'])
    }
  })

  it('is told across a restart when the filter was primed with what had landed', () => {
    const filter = createRedeliveryFilter()
    filter.prime('d', [delivery(), delivery({ seq: 2 })])
    expect([filter.offer('d', delivery({ seq: 2 })), filter.offer('d', delivery({ seq: 3 }))]).toEqual(['again', 'first'])
  })
})

it('agrees with the plain rule over any stream: the last N distinct readings of each device', () => {
  const one = fc.record({
    device: fc.constantFrom('a', 'b', 'c'),
    delivery: fc.record({
      deviceTime: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
      receivedAt: fc.constant(10),
      seq: fc.option(fc.integer({ min: 0, max: 12 }), { nil: null }),
      payloadHash: fc.constantFrom(-5, 5),
      bytes: fc.constant(9),
    }),
  })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 300 }), fc.integer({ min: 1, max: 40 }), fc.nat(300), (stream, perDeviceMax, restartAt) => {
      let filter = createRedeliveryFilter({ perDeviceMax })
      const landed = new Map<string, Delivery[]>()
      stream.forEach(({ device, delivery }, i) => {
        if (i === restartAt) {
          filter = createRedeliveryFilter({ perDeviceMax })
          for (const [device, rows] of landed) filter.prime(device, rows.slice(-perDeviceMax))
        }
        const rows = landed.get(device) ?? []
        const identified = delivery.seq !== null || delivery.deviceTime !== null
        const again = identified && rows.slice(-perDeviceMax).some((row) => JSON.stringify(row) === JSON.stringify(delivery))
        expect(filter.offer(device, delivery)).toBe(again ? 'again' : 'first')
        if (!again) landed.set(device, [...rows, delivery])
      })
    }),
  )
})

it('is bounded: the device not heard for longest is forgotten first', () => {
  const filter = createRedeliveryFilter({ devicesMax: 2 })
  for (const device of ['a', 'b', 'a', 'c']) filter.offer(device, delivery())
  expect([filter.devices, filter.offer('a', delivery()), filter.offer('b', delivery())]).toEqual([2, 'again', 'first'])
})

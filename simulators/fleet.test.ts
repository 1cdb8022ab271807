import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isIdentifier } from '../contracts/identifiers.ts'
import { planFleet } from './fleet.ts'

it('a plan gives the same fleet each time, with ids that may be identities', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, devices) => {
      const fleet = planFleet({ seed, devices })
      expect(planFleet({ seed, devices })).toEqual(fleet)
      expect(fleet.devices.length).toBe(devices)
      expect(new Set(fleet.devices.map(({ device }) => device)).size).toBe(devices)
      expect(fleet.devices.every(({ device, site }) => isIdentifier(device) && isIdentifier(site))).toBe(true)
    }),
    { numRuns: 50 },
  )
})

it('two hundred devices have every profile, both protocols and every site', () => {
  const { devices } = planFleet({ seed: 7, devices: 200, passwordDevices: 2 })
  const count = <T>(of: (device: (typeof devices)[number]) => T): Map<T, number> => {
    const counts = new Map<T, number>()
    for (const device of devices) counts.set(of(device), (counts.get(of(device)) ?? 0) + 1)
    return counts
  }
  expect(Object.fromEntries(count(({ profile }) => profile))).toEqual({
    'bedside-monitor': 70,
    wearable: 80,
    'infusion-pump': 30,
    'glucose-sensor': 20,
  })
  expect(count(({ site }) => site).get('hill-clinic')).toBeGreaterThanOrEqual(10)
  expect(count(({ protocol }) => protocol).get('senml-json')).toBeGreaterThan(15)
  expect(count(({ credential }) => credential).get('password')).toBe(2)
})

it('a plan that cannot be met is refused with the number in question', () => {
  expect(() => planFleet({ seed: 1, devices: 0 })).toThrow(/not 0/)
  expect(() => planFleet({ seed: 1, devices: 4, passwordDevices: 9 })).toThrow(/9 password devices/)
  expect(() => planFleet({ seed: 1, devices: 4, sites: [] })).toThrow(/needs sites/)
})

import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createHalfOpen } from './half-open.ts'

it('a crowd of silent connections pushes out its own oldest, and not the device that comes', () => {
  const halfOpen = createHalfOpen(100)
  const ended: string[] = []
  const enter = (address: string, name: string) => halfOpen.enter(address, () => void ended.push(name))
  for (let i = 0; i < 60; i++) enter('192.0.2.1', `a${i}`)
  for (let i = 0; i < 40; i++) enter('192.0.2.2', `b${i}`)
  expect(ended).toEqual([])
  const leave = enter('198.51.100.7', 'device')
  expect([ended, halfOpen.size]).toEqual([['a0'], 100])
  for (let i = 40; i < 200; i++) enter('192.0.2.2', `b${i}`)
  expect(ended).not.toContain('device')
  leave()
  leave()
  expect(halfOpen.size).toBe(99)
})

it('an IPv6 crowd in one /64 is one address', () => {
  const halfOpen = createHalfOpen(3)
  const ended: string[] = []
  halfOpen.enter('192.0.2.1', () => void ended.push('other'))
  for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8::3']) halfOpen.enter(address, () => void ended.push(address))
  expect(ended).toEqual(['2001:db8::1'])
})

it('however they come and go, there are never more than there may be, and who has ended or left is counted no more', () => {
  const steps = fc.array(fc.record({ address: fc.nat({ max: 4 }), leaves: fc.option(fc.nat({ max: 30 })) }), { maxLength: 200 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), steps, (max, all) => {
      const halfOpen = createHalfOpen(max)
      const inside = new Map<number, () => void>()
      all.forEach(({ address, leaves }, n) => {
        if (leaves !== null) {
          inside.get(leaves)?.()
          inside.delete(leaves)
        }
        const leave = halfOpen.enter(`192.0.2.${address}`, () => inside.delete(n))
        inside.set(n, leave)
        expect(halfOpen.size).toBe(inside.size)
        expect(halfOpen.size).toBeLessThanOrEqual(max)
      })
    }),
  )
})

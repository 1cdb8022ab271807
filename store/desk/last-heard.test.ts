import { afterEach, expect, it } from 'vitest'
import type { Clock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createDeskHistory } from './desk-history.ts'
import { createHeardDevices } from './heard-devices.ts'
import { createHeardMinutes } from './heard-minutes.ts'
import { createDeskWriter, openDesk } from '../testing/desk-story.ts'
import { noon } from '../testing/story-log.ts'
import { openedStore, temporaryDirectory } from '../testing/temporary-store.ts'

const minute = 60_000
const day = 86_400_000
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

const opened = async () => {
  const home = temporaryDirectory()
  ends.push(async () => home.remove())
  const store = await openedStore(home.path)
  ends.push(() => store.close())
  return { store, write: createDeskWriter(store) }
}

it('knows right after the start when and from where a device was heard, and follows what lands', async () => {
  const { store, write } = await opened()
  await write.readings([{ device: 'a', receivedAt: noon - 5_000 }, { device: 'b', receivedAt: noon - 10 * minute }]) // prettier-ignore
  await write.sessions([
    { device: 'a', event: 'connect', address: '10.0.0.1', receivedAt: noon - 60_000 },
    { device: 'a', event: 'connect', address: '10.0.0.2', receivedAt: noon - 30_000 },
    { device: 'a', event: 'refused', address: '10.6.6.6', receivedAt: noon },
  ])
  let now = noon
  const desk = createDeskHistory({ store, clock: { now: () => now }, logger: silentLogger, behindMs: () => 7, lookMs: 20, saveMs: 0 })
  await desk.ready
  expect([desk.lastHeard('a'), desk.lastHeard('b'), desk.lastHeard('c')]).toEqual([
    { at: noon - 5_000, address: '10.0.0.2' }, { at: noon - 10 * minute, address: null }, null,
  ]) // prettier-ignore
  expect([desk.reporting(noon - 5 * minute), desk.reporting(noon - day), desk.behindMs()]).toEqual([1, 2, 7])
  await write.readings([{ device: 'c', receivedAt: noon + 1_000 }])
  now += 1_000
  await expect.poll(() => desk.lastHeard('c')).toEqual({ at: noon + 1_000, address: null })
  await desk.close()
  await desk.close()
  await expect(desk.deviceFacts('a')).rejects.toThrow('closed')
})

it('a start after a stop reads what was written down, and only what is newer', async () => {
  const { store, write } = await opened()
  await write.readings([{ device: 'a', receivedAt: noon - 2 * day }])
  await write.sessions([{ device: 'a', event: 'connect', address: '10.0.0.1', receivedAt: noon - 2 * day }])
  const at = (now: number): Clock => ({ now: () => now })
  const first = await openDesk(store, at(noon - 2 * day + minute))
  expect(first.lastHeard('a')).toEqual({ at: noon - 2 * day, address: '10.0.0.1' })
  await first.close()
  await write.readings([{ device: 'b', receivedAt: noon }])
  // Two days later, beyond what a start looks back.
  const second = await openDesk(store, at(noon + minute))
  expect([second.lastHeard('a'), second.lastHeard('b')]).toEqual([
    { at: noon - 2 * day, address: '10.0.0.1' }, { at: noon, address: null },
  ]) // prettier-ignore
  await second.close()
})

it('knows what firmware a device last reported, after a start too; the registry may know another', async () => {
  const { store, write } = await opened()
  await write.readings([
    { device: 'a', receivedAt: noon - 90_000, firmware: '1.0' },
    { device: 'a', receivedAt: noon - 50_000, firmware: '1.1' },
    { device: 'a', receivedAt: noon - 40_000, firmware: null },
    { device: 'b', receivedAt: noon - 40_000, firmware: null },
  ])
  const firmwareOf = async (now: number) => {
    const desk = await openDesk(store, { now: () => now })
    const found = [desk.reportedFirmware('a'), desk.reportedFirmware('b'), desk.reportedFirmware('c')]
    await desk.close()
    return found
  }
  expect(await firmwareOf(noon)).toEqual(['1.1', null, null])
  // What was written down is all that is left of it so much later.
  expect(await firmwareOf(noon + 2 * day)).toEqual(['1.1', null, null])
})

it('devices are bounded, and changes are told once', () => {
  const devices = createHeardDevices(2)
  devices.hear('a', 1, null)
  devices.hear('a', 3, 'x')
  devices.hear('a', 2, 'late')
  devices.hear('b', 5, null)
  devices.hear('c', 6, null)
  expect([devices.get('a'), devices.get('b')]).toEqual([null, { at: 5, address: null }])
  expect(devices.takeChanged().map(([device]) => device)).toEqual(['b', 'c'])
  expect(devices.takeChanged()).toEqual([])
  expect(devices.since(6)).toBe(1)
})

it('minutes are given when they are over, or when they are too many', () => {
  const minutes = createHeardMinutes()
  minutes.hear('n', 0, 'a', 2)
  minutes.hear('n', 0, 'b', 1)
  minutes.hear('n', 0, 'a', 1)
  minutes.hear('', 0, null, 4)
  minutes.hear('n', minute, 'a', 1)
  expect(minutes.takeEnded(minute)).toEqual([
    { site: 'n', minute: 0, devices: 2, count: 4 },
    { site: '', minute: 0, devices: 0, count: 4 },
  ])
  expect(minutes.takeEnded(minute)).toEqual([])
  for (let i = 0; i < 200; i++) minutes.hear('n', i * minute, 'a', 1)
  expect(minutes.takeEnded(0).length).toBe(80)
})

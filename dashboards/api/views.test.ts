import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AlertDetail, Asset } from '../../contracts/api/alerts.ts'
import type { DeviceDetail } from '../../contracts/api/devices.ts'
import { sampleAlert } from '../testing/sample-alert.ts'
import { createTestDesk, type TestDesk } from '../testing/test-desk.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await createTestDesk()
})
afterAll(() => desk.close())

it('a device with other firmware than it was registered with: the alert showed the registry’s alone, the device page the reported one', async () => {
  const record = [...desk.parts.directory.devices()].find(({ firmware }) => firmware !== null)!
  desk.parts.desk.put(sampleAlert({ id: 'a1', device: record.device, openedAt: desk.clock.nowMs }))
  const get = async <T>(url: string): Promise<T> => (await desk.as(desk.browsers.viewer, { url: `/api/v1${url}` })).json<T>()
  const seen = async () => {
    const { asset } = await get<AlertDetail>('/alerts/a1')
    const { asset: onItsPage } = await get<DeviceDetail>(`/devices/${encodeURIComponent(record.device)}`)
    const { items } = await get<{ items: Asset[] }>(`/devices?q=${encodeURIComponent(record.device)}`)
    return [asset!, onItsPage, items[0]!].map(({ firmware, firmwareRegistered }) => [firmware, firmwareRegistered])
  }
  expect(await seen()).toEqual(Array.from({ length: 3 }, () => [record.firmware, record.firmware]))
  desk.parts.history.firmware.set(record.device, '9.9-modified')
  expect(await seen()).toEqual(Array.from({ length: 3 }, () => ['9.9-modified', record.firmware]))
})

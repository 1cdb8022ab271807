import { expect, it } from 'vitest'
import type { StoreConnection } from '../connection.ts'
import { createLandingBatch } from './landing-batch.ts'
import { createBatchWriter, type Hold } from './write-batch.ts'

/** A store that notes what is sent to it, and when it was asked until when. */
const begin = () => {
  const told: string[] = []
  let nowMs = 1_000
  const insert = async ({ table, beginBy }: { readonly table: string; readonly beginBy?: number | null }): Promise<void> =>
    void told.push(`${table} by ${beginBy}`)
  const store = {
    insertColumns: insert,
    insertRows: insert,
    settled: async () => {},
    beginBy: () => {
      told.push('asked')
      return nowMs + 3_000
    },
  }
  const batch = createLandingBatch()
  batch.addRow('findings', 'findings.v1', 0, 1, {}, 10)
  batch.addRow('cases', 'cases.v1', 0, 1, {}, 10)
  batch.reached('findings.v1', 0, 2)
  batch.seal(500)
  const writer = createBatchWriter(store as unknown as StoreConnection, () => {})
  return { told, batch, writer, goTo: (ms: number) => void (nowMs = ms) }
}

const held: Hold = { isOurs: () => true, isCertain: () => true, whenKnown: async () => {} }

it('says with each insert until when it may begin, and writes the positions last', async () => {
  const { told, batch, writer } = begin()
  expect(await writer.write(batch, held)).toBe(true)
  expect(told.filter((one) => one !== 'asked')).toEqual(['findings by 4000', 'cases by 4000', 'landing_positions by 4000'])
})

it('waits while another may have the partitions, and takes the time anew afterwards', async () => {
  const { told, batch, writer, goTo } = begin()
  let isCertain = false
  const known = Promise.withResolvers<void>()
  const writing = writer.write(batch, { ...held, isCertain: () => isCertain, whenKnown: () => known.promise })
  await new Promise((resolve) => setImmediate(resolve))
  expect(told.filter((one) => one !== 'asked')).toEqual([])
  goTo(60_000)
  isCertain = true
  known.resolve()
  expect(await writing).toBe(true)
  expect(told).toContain('findings by 63000')
})

it('asks until when before it looks whether it still may: who is frozen in between is late', async () => {
  const { told, batch, writer } = begin()
  const look = (): boolean => {
    told.push('looked')
    return true
  }
  await writer.write(batch, { ...held, isCertain: look })
  const first = told.indexOf('findings by 4000')
  expect(told.slice(first - 2, first)).toEqual(['asked', 'looked'])
})

it('sends nothing more, and no position, once the partitions are given away', async () => {
  const { told, batch, writer } = begin()
  let left = 1
  expect(await writer.write(batch, { ...held, isOurs: () => left-- > 0 || told.every((one) => !one.startsWith('findings')) })).toBe(false)
  expect(told.filter((one) => one !== 'asked')).toEqual(['findings by 4000'])
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { murmur2 } from '../../contracts/partitioner.ts'
import { SealBroken } from '../../contracts/secrets.ts'
import { createKeyCache, createRecordBatchWriter } from '../record-batch.ts'
import { createSealer } from '../seal.ts'
import { createBlobCursor, type FetchedBlob } from './blob-cursor.ts'
import { blobOf, firstOffsetOf } from './blob-offset.ts'
import { createBlobSeal } from './blob-seal.ts'

const sealer = createSealer(Buffer.alloc(32, 1), 'log')
const seal = createBlobSeal(sealer, 'topic', 0)
const nothing = Buffer.alloc(0)

const blob = (offset: number, values: readonly string[], compressed = true): FetchedBlob => {
  const records = createRecordBatchWriter()
  for (const value of values) {
    const key = Buffer.from(`key of ${value}`)
    const bytes = Buffer.from(value)
    records.push(key, murmur2(key) | 0, nothing, bytes, 0, bytes.length)
  }
  return { offset, sealed: seal.close(records.bytes(), compressed), appendedAtMs: undefined }
}

const cursorOver = (blobs: readonly FetchedBlob[], start: number) => {
  const left = [...blobs]
  return createBlobCursor({
    name: 'topic/0',
    start,
    seal,
    keys: createKeyCache(64),
    nextBlob: () => left.shift() ?? null,
    opened: () => {},
  })
}

it('gives from any start, in pieces of any size, exactly the records from there on; where to go on always goes on there', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(40),
      fc.boolean(),
      (contents, recordsMax, skip, compressed) => {
        // Kafka's offsets have gaps as well.
        const blobs = contents.map((values, i) => blob(i * 3 + 5, values, compressed))
        const all = contents.flatMap((values, i) => values.map((value, j) => ({ offset: firstOffsetOf(i * 3 + 5) + j, value })))
        const start = all[Math.min(skip, all.length - 1)]!.offset
        const seen: { offset: number; value: string }[] = []
        let next = start
        for (;;) {
          const taken = cursorOver(
            blobs.filter(({ offset }) => offset >= blobOf(next)),
            next,
          ).take(recordsMax)
          if (taken === null) break
          if ('unopened' in taken) throw taken.unopened
          expect(taken.records.length).toBeLessThanOrEqual(recordsMax)
          expect(taken.nextOffset).toBeGreaterThan(taken.records.at(-1)!.offset)
          for (const { offset, key, value } of taken.records) {
            const text = Buffer.from(value).toString()
            expect(key).toBe(Buffer.from(`key of ${text}`).toString())
            seen.push({ offset, value: text })
          }
          next = taken.nextOffset
        }
        expect(seen).toEqual(
          all.filter(({ offset }) => offset >= start).map(({ offset, value }) => ({ offset, value: Buffer.from(value).toString() })),
        )
      },
    ),
    { numRuns: 60 },
  )
})

it('gives what lies before a blob that does not open, then that blob, then what lies behind it', () => {
  const damaged = blob(2, ['lost'])
  damaged.sealed[40]! ^= 1
  const cursor = cursorOver([blob(1, ['a', 'b']), damaged, blob(3, ['c'])], 0)
  expect(cursor.take(100)).toMatchObject({ records: [{ offset: firstOffsetOf(1) }, { offset: firstOffsetOf(1) + 1 }] })
  const passed = cursor.take(100)
  expect(passed).toMatchObject({ blob: 2, nextOffset: firstOffsetOf(3) })
  if (passed === null || !('unopened' in passed)) throw new Error('the damaged blob was not told')
  expect(passed.unopened).toBeInstanceOf(SealBroken)
  expect(passed.unopened.message).toMatch(/topic\/0, blob 2 \(records from 8192 on\)/)
  expect(cursor.take(100)).toMatchObject({ records: [{ offset: firstOffsetOf(3) }], nextOffset: firstOffsetOf(4) })
  expect(cursor.take(100)).toBeNull()
})

it('a blob of another partition is refused', () => {
  const other = createBlobSeal(sealer, 'topic', 1)
  expect(() => other.open(blob(0, ['x']).sealed)).toThrow(SealBroken)
})

it('a compressed blob that opens to more than any blob holds is refused', () => {
  const sealed = seal.close(Buffer.alloc(3_000_000), true)
  expect(sealed.length).toBeLessThan(10_000)
  expect(() => seal.open(sealed)).toThrow(RangeError)
})

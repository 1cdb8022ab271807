import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema } from '../../app/config.ts'
import { withStoppedLog } from '../../app/stopped-log.ts'
import { type CaseEvent, caseEvent } from '../../contracts/case-event.ts'
import { offsetOfKey } from '../../stream/lmdb/blob-key.ts'
import { openEnvironment } from '../../stream/lmdb/environment.ts'

export interface RecordedCase {
  readonly offset: number
  readonly event: CaseEvent
}

/** Every event of `cases.v1` of a stopped platform, in order. */
export const readCases = async (data: string): Promise<readonly RecordedCase[]> => {
  const read = await withStoppedLog(configSchema.parse({ data }), async (log) => {
    const cases: RecordedCase[] = []
    for (const { topic, partition, earliest, next } of await log.ranges(['cases.v1']))
      if (next > earliest)
        for await (const { records } of log.read(topic, partition, earliest, next))
          for (const { offset, value } of records)
            cases.push({ offset, event: caseEvent.parse(JSON.parse(Buffer.from(value).toString('utf8'))) })
    return cases
  })
  if (!read.ok) throw new Error(read.problem)
  return read.value
}

/**
 * Flips one bit on disk in the sealed blob that holds the event at `offset` of `cases.v1`, in the file of a stopped platform. Returns the offset
 * of the blob's first event: that is the first one that can't be read any more.
 */
export const tamperWithCase = async (data: string, offset: number): Promise<number> => {
  const directory = join(data, 'log', 'cases.v1')
  const environment = openEnvironment(directory)
  let firstOffset = 0
  let sealed = Buffer.alloc(0)
  for (const { key, value } of environment.getRange({ end: Buffer.from([1]) }))
    if (offsetOfKey(key) <= offset) {
      firstOffset = offsetOfKey(key)
      sealed = Buffer.from(value)
    }
  await environment.close()
  const file = join(directory, 'data.mdb')
  const bytes = readFileSync(file)
  let changed = 0
  // Pages that lmdb has let go of may hold the same blob: those are changed with it.
  for (let at = bytes.indexOf(sealed); at !== -1; at = bytes.indexOf(sealed, at + 1)) {
    bytes[at + sealed.length - 1]! ^= 0x01
    changed++
  }
  if (changed === 0) throw new Error(`the blob of event ${offset} is not in ${file}`)
  writeFileSync(file, bytes)
  return firstOffset
}

import { randomBytes } from 'node:crypto'
import { LogUnavailable } from '../../contracts/event-log.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import type { StateStore } from '../../contracts/state-store.ts'
import { withKey, withoutKey } from '../keyed-value.ts'
import { asUnavailable, commitUnavailable, type Environment, openEnvironment } from './environment.ts'
import { checkKey } from './key-check.ts'
import { createOpeningGate, type OpeningGate } from './opening-gate.ts'

/** Bytes of a partition's name. */
const partitionBytesMax = 1_000
/** Bytes of a key: its length stands in two bytes before it. */
const keyBytesMax = 1_900
/** Entries read in one go, before other work of the event loop goes on. */
const loadChunk = 512

/** The key stands in the sealed value: its place in lmdb is a blind name, for device ids are nobody's business on a stolen disk. */
/**
 * Detector state in an lmdb environment of its own (not the log's: a checkpoint must not delay an acknowledgement). Values are
 * sealed with their keys, under their partition and place; a place is a blind name of the key, so after a rotation of
 * the state's key the state begins anew. `write` resolves when its one transaction is on disk, rejects with
 * `LogUnavailable` when the disk refuses; the flush runs beside the event loop. Throws `SealBroken` for another key, `LogUnavailable` when the disk is full.
 */
export const openLmdbStateStore = async ({
  directory,
  sealer,
}: {
  readonly directory: string
  readonly sealer: Sealer
}): Promise<StateStore> => {
  const open = async (): Promise<{ readonly gate: OpeningGate; readonly environment: Environment }> => {
    try {
      checkKey(directory, sealer, randomBytes(6).toString('hex'))
      const gate = createOpeningGate(directory, () => performance.now())
      return { gate, environment: await gate.opening(() => openEnvironment(directory)) }
    } catch (error) {
      throw error instanceof Error && 'code' in error ? asUnavailable(error, { what: `state in ${directory}`, directory, bytes: 0 }) : error
    }
  }
  const { gate, environment } = await open()
  let closing: Promise<void> | null = null
  const writing = new Set<Promise<unknown>>()
  const placeOf = (partition: string, key: string): Buffer => {
    if (Buffer.byteLength(key) > keyBytesMax)
      throw new RangeError(`a state's key is at most ${keyBytesMax} bytes, this one has ${Buffer.byteLength(key)}`)
    return Buffer.concat([Buffer.from(`${partition}\0`), sealer.blind(`${partition}\0${key}`)])
  }
  const contextOf = (place: Buffer): string => `state ${place.toString('latin1')}`
  const checkPartition = (partition: string): void => {
    if (partition.includes('\0') || Buffer.byteLength(partition) > partitionBytesMax)
      throw new RangeError(`a state partition's name has no NUL and at most ${partitionBytesMax} bytes`)
  }
  const alive = (): void => {
    if (closing !== null) throw new LogUnavailable('closed', 'the state store is closed')
  }

  return {
    async *load(partition) {
      checkPartition(partition)
      let start = Buffer.from(`${partition}\0`)
      const end = Buffer.from(`${partition}\u0001`)
      for (;;) {
        alive()
        const places = [...environment.getKeys({ start, end, limit: loadChunk })].map((place) => Buffer.from(place))
        const sealed = places.map((place) => environment.getBinary(place)!)
        environment.resetReadTxn()
        for (const [i, place] of places.entries()) yield withoutKey(sealer.open(sealed[i]!, contextOf(place)))
        if (places.length < loadChunk) return
        // The next place in order: the last one with a zero byte behind it.
        start = Buffer.concat([places.at(-1)!, Buffer.alloc(1)])
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async write(partition, entries) {
      alive()
      checkPartition(partition)
      if (entries.length === 0) return
      // Everything that can be refused is refused before the first put.
      const puts = entries.map(({ key, value }) => {
        const place = placeOf(partition, key)
        return { place, sealed: value === null ? null : sealer.seal(withKey(key, value), contextOf(place)) }
      })
      const written = gate.committing(() =>
        environment.batch(() => {
          for (const { place, sealed } of puts) {
            if (sealed === null) void environment.remove(place)
            else void environment.put(place, sealed, 0)
          }
        }),
      )
      writing.add(written)
      try {
        await written
      } catch (error) {
        throw await commitUnavailable(error, {
          what: `state of ${partition}`,
          directory,
          bytes: puts.reduce((sum, { sealed }) => sum + (sealed?.length ?? 0), 0),
        })
      } finally {
        writing.delete(written)
      }
    },
    close() {
      closing ??= Promise.allSettled(writing).then(() => gate.closing(() => environment.close()))
      return closing
    },
  }
}

import { randomBytes } from 'node:crypto'
import { LogUnavailable } from '../../contracts/event-log.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import type { StateStore } from '../../contracts/state-store.ts'
import { commitUnavailable, openEnvironment } from './environment.ts'
import { checkKey } from './key-check.ts'
import { createOpeningGate } from './opening-gate.ts'

/** Bytes of partition name and key together: lmdb's keys end at 1,978. */
const keyBytesMax = 1_900
/** Entries read in one go, before other work of the event loop goes on. */
const loadChunk = 512

const keyOf = (partition: string, key: string): Buffer => {
  const bytes = Buffer.from(`${partition}\0${key}`)
  if (bytes.length > keyBytesMax)
    throw new RangeError(`a state's partition and key are at most ${keyBytesMax} bytes, these have ${bytes.length}`)
  return bytes
}

/**
 * Detector state in an lmdb environment of its own (not the log's: a checkpoint must not delay an acknowledgement). Values are
 * sealed under their partition and key; keys stand in the clear. `write` resolves when its one transaction is on disk, rejects with
 * `LogUnavailable` when the disk refuses; the flush runs beside the event loop. Throws `SealBroken` for another key.
 */
export const openLmdbStateStore = async ({
  directory,
  sealer,
}: {
  readonly directory: string
  readonly sealer: Sealer
}): Promise<StateStore> => {
  checkKey(directory, sealer, randomBytes(6).toString('hex'))
  const gate = createOpeningGate(directory, () => performance.now())
  const environment = await gate.opening(() => openEnvironment(directory))
  let closing: Promise<void> | null = null
  const writing = new Set<Promise<unknown>>()
  const contextOf = (partition: string, key: string): string => `state\0${partition}\0${key}`
  const alive = (): void => {
    if (closing !== null) throw new LogUnavailable('closed', 'the state store is closed')
  }

  return {
    async *load(partition) {
      if (partition.includes('\0')) throw new RangeError('a state partition has no NUL in its name')
      const prefixBytes = Buffer.byteLength(partition) + 1
      let start = keyOf(partition, '')
      const end = Buffer.from(`${partition}\u0001`)
      for (;;) {
        alive()
        const keys = [...environment.getKeys({ start, end, limit: loadChunk })].map((key) => Buffer.from(key))
        const sealed = keys.map((key) => environment.getBinary(key)!)
        environment.resetReadTxn()
        for (const [i, stored] of keys.entries()) {
          const key = stored.toString('utf8', prefixBytes)
          yield { key, value: sealer.open(sealed[i]!, contextOf(partition, key)) }
        }
        if (keys.length < loadChunk) return
        // The next key in order: the last one with a zero byte behind it.
        start = Buffer.concat([keys.at(-1)!, Buffer.alloc(1)])
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async write(partition, entries) {
      alive()
      if (partition.includes('\0')) throw new RangeError('a state partition has no NUL in its name')
      if (entries.length === 0) return
      // Everything that can be refused is refused before the first put.
      const puts = entries.map(({ key, value }) => ({
        key: keyOf(partition, key),
        sealed: value === null ? null : sealer.seal(value, contextOf(partition, key)),
      }))
      const written = gate.committing(() =>
        environment.batch(() => {
          for (const { key, sealed } of puts) {
            if (sealed === null) void environment.remove(key)
            else void environment.put(key, sealed, 0)
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

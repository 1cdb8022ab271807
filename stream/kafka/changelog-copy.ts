import { z } from 'zod'
import type { StateStore } from '../../contracts/state-store.ts'
import type { StateEntry } from './changelog-codec.ts'

/**
 * A partition's state as this machine last knew it, beside how far of the changelog that is: what has to be read of the changelog is then
 * its tail only. Entries and place are written in one local transaction.
 */
export interface ChangelogCopy {
  /** Where the changelog goes on; 0 when nothing is known, or what is known is too old to go on from. */
  place(partition: string): Promise<number>
  write(partition: string, entries: readonly StateEntry[], next: number): Promise<void>
  load(partition: string): AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>
  /** Forgets everything of a partition. */
  clear(partition: string): Promise<void>
}

/** No key of the host's: those are the stages' keys and its own, without a NUL in front. */
const placeKey = '\0changelog'
const placeSchema = z.object({ next: z.int().nonnegative(), atMs: z.number() })
type Place = z.infer<typeof placeSchema>
const clearedAtOnce = 2_048

/** @param tooOldMs a copy of this age may lack deletions that compaction has dropped since: it is read anew */
export const createChangelogCopy = (local: StateStore, nowMs: () => number, tooOldMs: number): ChangelogCopy => {
  // Entries come in any order, the place among them: it is remembered from the last write or load.
  const places = new Map<string, Place>()
  const entriesOf = async function* (partition: string) {
    for await (const entry of local.load(partition)) if (entry.key !== placeKey) yield entry
  }
  const clear = async (partition: string): Promise<void> => {
    let gone: { key: string; value: null }[] = [{ key: placeKey, value: null }]
    for await (const { key } of local.load(partition)) {
      gone.push({ key, value: null })
      if (gone.length < clearedAtOnce) continue
      await local.write(partition, gone)
      gone = []
    }
    await local.write(partition, gone)
    places.set(partition, { next: 0, atMs: nowMs() })
  }
  const stored = async (partition: string): Promise<Place | null> => {
    for await (const { key, value } of local.load(partition)) {
      if (key !== placeKey) continue
      const parsed = placeSchema.safeParse(JSON.parse(Buffer.from(value).toString('utf8')))
      return parsed.success ? parsed.data : null
    }
    return null
  }
  return {
    async place(partition) {
      const known = places.get(partition) ?? (await stored(partition))
      // Asked each time: a machine that was cut off for days has it in memory still.
      if (known === null || nowMs() - known.atMs >= tooOldMs) {
        await clear(partition)
        return 0
      }
      places.set(partition, known)
      return known.next
    },
    async write(partition, entries, next) {
      const place: Place = { next, atMs: nowMs() }
      await local.write(partition, [...entries, { key: placeKey, value: Buffer.from(JSON.stringify(place)) }])
      places.set(partition, place)
    },
    load: entriesOf,
    clear,
  }
}

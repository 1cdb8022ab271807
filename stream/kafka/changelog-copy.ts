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
const schema = z.object({ next: z.int().nonnegative(), atMs: z.number() })
const clearedAtOnce = 2_048

/** @param tooOldMs a copy of this age may lack deletions that compaction has dropped since: it is read anew */
export const createChangelogCopy = (local: StateStore, nowMs: () => number, tooOldMs: number): ChangelogCopy => {
  // Entries come in any order, the place among them: it is remembered from the last write or load.
  const places = new Map<string, number>()
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
    places.set(partition, 0)
  }
  return {
    async place(partition) {
      const here = places.get(partition)
      if (here !== undefined) return here
      let known: z.infer<typeof schema> | null = null
      for await (const { key, value } of local.load(partition)) {
        if (key !== placeKey) continue
        const parsed = schema.safeParse(JSON.parse(Buffer.from(value).toString('utf8')))
        known = parsed.success ? parsed.data : null
        break
      }
      if (known !== null && nowMs() - known.atMs < tooOldMs) {
        places.set(partition, known.next)
        return known.next
      }
      await clear(partition)
      return 0
    },
    async write(partition, entries, next) {
      const place = Buffer.from(JSON.stringify({ next, atMs: nowMs() }))
      await local.write(partition, [...entries, { key: placeKey, value: place }])
      places.set(partition, next)
    },
    load: entriesOf,
    clear,
  }
}

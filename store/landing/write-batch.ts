import { createHash } from 'node:crypto'
import type { StoreConnection } from '../connection.ts'
import { type LandedTable, landedTables, type LandingBatch, type RowTable } from './landing-batch.ts'
import { heldOffsets, writePositions } from './positions.ts'
import { timeText } from './stored-values.ts'

/** Lands a batch: its rows, then the positions. A batch may be written again after an error: what has landed of it is then left out. */
export interface BatchWriter {
  /** False when `isOurs` had become false in between: nothing more of it was sent, and no position. */
  write(batch: LandingBatch, hold: Hold): Promise<boolean>
}

/** What is known of the partitions that a batch is of. */
export interface Hold {
  /** They were not given away. */
  isOurs(): boolean
  /** Nobody else can have them by now: a process that was frozen hears later that another has. */
  isCertain(): boolean
  /** Resolves when one of both may have changed. */
  whenKnown(): Promise<void>
}

/** The same rows have the same token, other rows another: its first `landed_at` is the batch's own, and the ends tell
 * apart what two sinks land in one millisecond. */
const tokenOf = (batch: LandingBatch, table: LandedTable | 'landing_positions', rows: number): string =>
  createHash('sha256')
    .update(JSON.stringify([table, batch.sealedAtMs, rows, batch.positions]))
    .digest('base64url')

/**
 * An insert that failed may have landed all the same (a server's answer was lost): so before the second try of a batch each table is asked
 * which of its rows it holds.
 */
export const createBatchWriter = (
  store: StoreConnection,
  onLanded: (table: LandedTable, rows: number, ms: number) => void,
): BatchWriter => {
  /** The batch that was tried last, by its first `landed_at`, which is its own. */
  let triedMs = -1
  let done = new Set<LandedTable>()

  const insert = async (batch: LandingBatch, table: LandedTable, beginBy: number | null): Promise<number> => {
    if (table === 'readings') {
      const { remaining } = batch.readings
      if (remaining > 0) await store.insertColumns({ table, batch: batch.readings, token: tokenOf(batch, table, remaining), beginBy })
      return remaining
    }
    const rows = batch.rowsOf(table satisfies RowTable)
    if (rows.length > 0) await store.insertRows({ table, rows, token: tokenOf(batch, table, rows.length), beginBy })
    return rows.length
  }

  /** Until when an insert may begin that is sent in this turn; undefined: it may not be sent. */
  const permitted = async ({ isOurs, isCertain, whenKnown }: Hold): Promise<number | null | undefined> => {
    for (;;) {
      // Asked for first: who is frozen before the answer to the others is late, too.
      const beginBy = store.beginBy()
      if (!isOurs()) return undefined
      if (isCertain()) return beginBy
      await whenKnown()
    }
  }

  return {
    async write(batch, hold) {
      const again = triedMs === batch.sealedAtMs
      if (!again) done = new Set()
      triedMs = batch.sealedAtMs
      let isSettled = false
      for (const table of landedTables) {
        if (done.has(table)) continue
        if (again && !isSettled) {
          // The try before may still be running at the server; one that begins only later has the same token.
          await store.settled(landedTables, 0)
          isSettled = true
        }
        if (again) batch.leaveOut(table, await heldOffsets(store.landing, table, () => ({ nextOffset: 0, landedAtMs: batch.sealedAtMs })))
        const beginBy = await permitted(hold)
        if (beginBy === undefined) return false
        const begun = performance.now()
        const rows = await insert(batch, table, beginBy)
        done.add(table)
        if (rows > 0) onLanded(table, rows, performance.now() - begun)
      }
      const beginBy = await permitted(hold)
      if (beginBy === undefined) return false
      const token = tokenOf(batch, 'landing_positions', batch.positions.length)
      await writePositions(store, batch.positions, timeText(batch.landedAtMs), { token, beginBy })
      return true
    },
  }
}

import { createHash } from 'node:crypto'
import type { StoreConnection } from '../connection.ts'
import { type LandedTable, landedTables, type LandingBatch, type RowTable } from './landing-batch.ts'
import { heldOffsets, writePositions } from './positions.ts'
import { timeText } from './stored-values.ts'

/** Lands a batch: its rows, then the positions. A batch may be written again after an error: what has landed of it is then left out. */
export interface BatchWriter {
  /** False when `isOurs` had become false in between: nothing more of it was sent, and no position. */
  write(batch: LandingBatch, isOurs: () => boolean): Promise<boolean>
}

/** The same rows have the same token, other rows another: its first `landed_at` is the batch's own, and the ends tell
 * apart what two sinks land in one millisecond. */
const tokenOf = (batch: LandingBatch, table: LandedTable, rows: number): string =>
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

  const insert = async (batch: LandingBatch, table: LandedTable): Promise<number> => {
    if (table === 'readings') {
      const { remaining } = batch.readings
      if (remaining > 0) await store.insertColumns({ table, batch: batch.readings, token: tokenOf(batch, table, remaining) })
      return remaining
    }
    const rows = batch.rowsOf(table satisfies RowTable)
    if (rows.length > 0) await store.insertRows({ table, rows, token: tokenOf(batch, table, rows.length) })
    return rows.length
  }

  return {
    async write(batch, isOurs) {
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
        if (!isOurs()) return false
        const begun = performance.now()
        const rows = await insert(batch, table)
        done.add(table)
        if (rows > 0) onLanded(table, rows, performance.now() - begun)
      }
      if (!isOurs()) return false
      await writePositions(store.landing, batch.positions, timeText(batch.landedAtMs))
      return true
    },
  }
}

import type { StoreConnection } from '../connection.ts'
import { type LandedTable, landedTables, type LandingBatch, type RowTable } from './landing-batch.ts'
import { heldOffsets, writePositions } from './positions.ts'
import { timeText } from './stored-values.ts'

/** Lands a batch: its rows, then the positions. A batch may be written again after an error: what has landed of it is then left out. */
export interface BatchWriter {
  write(batch: LandingBatch): Promise<void>
}

/**
 * An insert that failed may have landed all the same (a server's answer was lost): so before the second try of a batch each table is asked
 * which of its rows it holds.
 */
export const createBatchWriter = (
  store: StoreConnection,
  onLanded: (table: LandedTable, rows: number, ms: number) => void,
): BatchWriter => {
  /** The batch that was tried last, by its `landed_at`, which is its own. */
  let triedMs = -1
  let done = new Set<LandedTable>()

  const insert = async (batch: LandingBatch, table: LandedTable): Promise<number> => {
    if (table === 'readings') {
      if (batch.readings.length > 0) await store.insertColumns({ table, batch: batch.readings })
      return batch.readings.length
    }
    const rows = batch.rowsOf(table satisfies RowTable)
    if (rows.length > 0) await store.landing.insert({ table, values: rows, format: 'JSONEachRow' })
    return rows.length
  }

  return {
    async write(batch) {
      const again = triedMs === batch.landedAtMs
      if (!again) done = new Set()
      triedMs = batch.landedAtMs
      for (const table of landedTables) {
        if (done.has(table)) continue
        if (again) batch.leaveOut(table, await heldOffsets(store.landing, table, new Map(), batch.landedAtMs))
        const begun = performance.now()
        const rows = await insert(batch, table)
        done.add(table)
        if (rows > 0) onLanded(table, rows, performance.now() - begun)
      }
      await writePositions(store.landing, batch.positions, timeText(batch.landedAtMs))
    },
  }
}

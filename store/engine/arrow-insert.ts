import type { Session } from 'chdb'
import type { ColumnInsert } from '../connection.ts'
import type { ArrowColumn } from '../landing/arrow-columns.ts'

/** The part of chdb's `registerArrowTable` that takes buffers as they are; its public front encodes text ten times slower. */
export interface ArrowRegistry {
  _arrowRegisterColumns(connection: unknown, table: string, columns: readonly ArrowColumn[]): void
  _arrowUnregister(connection: unknown, table: string): void
}

let serial = 0

/**
 * Inserts columns without a text in between: the engine reads our buffers where they lie. Do not change them until it resolves.
 * Measured (50,000 messages of six vitals, encrypted disk): 1.3 us a message, against 8 us parsed from any text format.
 */
export const insertArrow = async (registry: ArrowRegistry, session: Session, { table, batch }: ColumnInsert): Promise<void> => {
  const name = `landing_${serial++}`
  const { columns, into, select, where } = batch.toArrow()
  registry._arrowRegisterColumns(session.connection, name, columns)
  try {
    await session.queryAsync(
      `INSERT INTO ${table} (${into.join(', ')}) SELECT ${select.join(', ')} FROM arrowstream('${name}')${where === null ? '' : ` WHERE ${where}`}`,
    )
  } finally {
    registry._arrowUnregister(session.connection, name)
  }
}

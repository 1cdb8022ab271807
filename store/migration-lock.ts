import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import { readRows } from './read-rows.ts'

/**
 * One node at a time migrates. ClickHouse has no locks; but of several `CREATE TABLE` of one name exactly one succeeds (in a cluster's DDL queue: the
 * first, on every replica). So the lock is a table: `migrating_<generation>`, whose comment names its holder. A holder renews it (which moves
 * `metadata_modification_time`, by the server's clock); one that was not renewed for `leaseMs` is dead, and whoever makes the next
 * generation's table has the lock. A holder that finds a younger generation, or another holder in its own, has lost it and must stop.
 */
export interface MigrationLock {
  /** Throws `LockLost` when somebody else has it by now. Called before each statement. */
  check(): Promise<void>
  release(): Promise<void>
}

export class LockLost extends Error {}

export interface LockTimes {
  /** After so long without a renewal its holder is taken for dead. The server counts whole seconds. */
  readonly leaseMs: number
  readonly renewMs: number
  /** How often one that waits looks. */
  readonly pollMs: number
  /** The longest wait. A migration may move much data. */
  readonly waitMsMax: number
}

export const lockTimesDefault: LockTimes = { leaseMs: 30_000, renewMs: 5_000, pollMs: 500, waitMsMax: 3_600_000 }

interface Held {
  readonly generation: number
  readonly holder: string
  readonly ageMs: number
}

const tableOf = (generation: number): string => `migrating_${generation}`
const tableExists = 57
const unknownTable = 60

const codeOf = (error: unknown): number => (error instanceof ClickHouseError ? Number(error.code) : 0)

export const takeMigrationLock = async (parts: {
  readonly client: ClickHouseClient
  readonly ddl: (statement: string) => string
  /** Unique, of letters, digits and `-`. */
  readonly holder: string
  readonly times: LockTimes
}): Promise<MigrationLock> => {
  const { client, ddl, holder, times } = parts
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

  const newest = async (): Promise<Held | null> => {
    const rows = await readRows<[string, string, number]>(
      client,
      `SELECT name, comment, dateDiff('second', metadata_modification_time, now()) * 1000 FROM system.tables
       WHERE database = currentDatabase() AND match(name, '^migrating_[0-9]+$') SETTINGS output_format_json_quote_64bit_integers = 0`,
    )
    const held = rows.map(([name, by, ageMs]) => ({ generation: Number(name.slice('migrating_'.length)), holder: by, ageMs }))
    return held.toSorted((a, b) => b.generation - a.generation)[0] ?? null
  }

  /** True when this node made the table. */
  const make = async (generation: number): Promise<boolean> => {
    try {
      await client.command({ query: ddl(`CREATE TABLE ${tableOf(generation)} (nothing UInt8) ENGINE = Memory COMMENT '${holder}'`) })
      return true
    } catch (error) {
      if (codeOf(error) === tableExists) return false
      throw error
    }
  }

  const take = async (): Promise<number> => {
    for (let waitedMs = 0; ; waitedMs += times.pollMs) {
      const held = await newest()
      if (held?.holder === holder) return held.generation
      if (held === null || held.ageMs > times.leaseMs) {
        const generation = (held?.generation ?? 0) + 1
        if (await make(generation)) return generation
      } else if (waitedMs > times.waitMsMax)
        throw new Error(`another node (${held.holder}) has been migrating the store for more than ${times.waitMsMax} ms`)
      await pause(times.pollMs)
    }
  }

  const generation = await take()
  const check = async (): Promise<void> => {
    const held = await newest()
    if (held?.generation !== generation || held.holder !== holder)
      throw new LockLost(`the migration lock went from ${holder} to ${held?.holder ?? 'nobody'}`)
  }
  const renew = async (): Promise<void> => {
    try {
      await client.command({ query: ddl(`ALTER TABLE ${tableOf(generation)} MODIFY COMMENT '${holder}'`) })
    } catch {
      // A lost lock is found by `check`; a server that is away, by the next statement.
    }
  }
  let renewing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    renewing = renew()
  }, times.renewMs)
  timer.unref()

  return {
    check,
    async release() {
      clearInterval(timer)
      await renewing
      await check()
      // The dead ones first: whoever looks in between still finds this one.
      for (let old = generation - 1; old >= 1; old--) await client.command({ query: ddl(`DROP TABLE IF EXISTS ${tableOf(old)}`) })
      try {
        await client.command({ query: ddl(`DROP TABLE IF EXISTS ${tableOf(generation)}`) })
      } catch (error) {
        if (codeOf(error) !== unknownTable) throw error
      }
    },
  }
}

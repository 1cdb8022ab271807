import type { DeskConnection } from './desk-connection.ts'

/** From which minute on the readings themselves are asked, because their minutes may not be computed yet, ms. */
export type RolledUp = () => Promise<number>

/** Readings that landed so shortly before the roll-up's mark are asked for as well: their minute may have gone on after it, ms. */
const overlapMs = 120_000
const cachedMs = 5_000

/**
 * Minutes before it are taken from the roll-up alone: what a device sends late shows in them when the roll-up has run, a minute later. Asked
 * for at most every few seconds: an old answer only means that more is read from the readings.
 */
export const createRolledUp = ({ rows }: Pick<DeskConnection, 'rows'>): RolledUp => {
  let cached: { readonly at: number; readonly cut: Promise<number> } | null = null
  const read = async (): Promise<number> => {
    const [found] = await rows<[number]>(
      `SELECT toUnixTimestamp64Milli(max(landed_up_to)) FROM rollup_marks WHERE name = 'readings_by_minute'`,
    )
    return Math.max(0, Math.floor(((found?.[0] ?? 0) - overlapMs) / 60_000) * 60_000)
  }
  return () => {
    if (cached === null || performance.now() - cached.at > cachedMs) {
      const cut = read()
      cached = { at: performance.now(), cut }
      cut.catch(() => {
        cached = null
      })
    }
    return cached.cut
  }
}

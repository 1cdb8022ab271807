import type { Clock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { timeText } from '../landing/stored-values.ts'
import type { Store } from '../open.ts'
import type { AliveMinutes } from './alive-minutes.ts'
import type { DeskConnection } from './desk-connection.ts'
import type { HeardDevices } from './heard-devices.ts'
import type { HeardMinutes } from './heard-minutes.ts'
import { milliseconds, moment } from './stored-time.ts'

/** Reads what has landed since it last looked, and keeps what the desk holds in memory up to date. */
export interface FollowHeard {
  /** Loads what the tables hold; a store that has none of it yet gives the last day. */
  load(): Promise<void>
  /** What landed since. Answers whether there was anything. */
  look(): Promise<void>
  /** Writes what a start is to find; nothing is lost without it but the start's time. */
  save(): Promise<void>
}

const dayMs = 86_400_000
/** After a longer absence the engine sums up by itself what landed meanwhile. */
const absenceMs = 600_000
/** A minute is over so long after its end: rows take a while to land. */
const settleMs = 120_000
/** Groups of one look. A look happens every few seconds, so this is far beyond a fleet's size. */
const groupsMax = 400_000
/** Of a group of readings; some say none. */
const newestFirmware = "argMaxIf(firmware, received_at, firmware != '')"
const storedMs = (ms: number): string => timeText(Math.max(0, ms))

export const createFollowHeard = (parts: {
  readonly store: Pick<Store, 'query'>
  readonly connection: Pick<DeskConnection, 'rows'>
  readonly devices: HeardDevices
  readonly minutes: HeardMinutes
  readonly alive: AliveMinutes
  readonly clock: Clock
  readonly logger: Logger
}): FollowHeard => {
  const { store, devices, minutes, alive, clock, logger } = parts
  const { rows } = parts.connection
  /** `landed_at` up to which readings and sessions were looked at. */
  let readingsTo = 0
  let sessionsTo = 0

  const lookAtReadings = async (): Promise<void> => {
    const found = await rows<[string, string, number, number, number, number, string]>(
      `SELECT device, site, ${milliseconds('max(received_at)')}, toInt64(toUnixTimestamp(toStartOfMinute(received_at))) * 1000 AS minute, count(),
         ${milliseconds('max(landed_at)')}, ${newestFirmware}
       FROM readings WHERE landed_at > ${moment('after')} GROUP BY device, site, minute LIMIT ${groupsMax}`,
      { after: readingsTo },
    )
    for (const [device, site, at, minute, count, landedAt, firmware] of found) {
      devices.hear(device, at, null)
      if (firmware !== '') devices.report(device, at, firmware)
      minutes.hear(site, minute, device, count)
      alive.add(minute)
      readingsTo = Math.max(readingsTo, landedAt)
    }
  }

  const lookAtSessions = async (): Promise<void> => {
    const found = await rows<[string | null, string, string, number, number, number, number]>(
      `SELECT device, event, argMax(address, received_at), ${milliseconds('max(received_at)')},
         toInt64(toUnixTimestamp(toStartOfMinute(received_at))) * 1000 AS minute, count(), ${milliseconds('max(landed_at)')}
       FROM sessions WHERE landed_at > ${moment('after')} AND received_at > ${moment('recent')} GROUP BY device, event, minute LIMIT ${groupsMax}`,
      { after: sessionsTo, recent: Math.max(0, sessionsTo - dayMs) },
    )
    for (const [device, event, address, at, minute, count, landedAt] of found) {
      // A refused sign-in only claims to be the device.
      if (device !== null && event === 'connect') devices.hear(device, at, address)
      minutes.hear('', minute, null, count)
      alive.add(minute)
      sessionsTo = Math.max(sessionsTo, landedAt)
    }
  }

  /** The same by the engine alone, for what is too much to be read row by row. */
  const sumUp = async (): Promise<void> => {
    const [newest] = await rows<[number]>(`SELECT ${milliseconds('max(landed_at)')} FROM readings`)
    const upTo = newest?.[0] ?? 0
    const since = `landed_at > ${moment('after')} AND landed_at <= ${moment('upTo')}`
    const bound = { after: readingsTo, upTo }
    await store.query.command({
      query: `INSERT INTO heard_by_minute SELECT site, toStartOfMinute(received_at) AS minute, uniqExact(device), count() FROM readings
              WHERE ${since} GROUP BY site, minute`,
      query_params: bound,
    })
    const heard = await rows<[string, number, string]>(
      `SELECT device, ${milliseconds('max(received_at)')}, ${newestFirmware} FROM readings WHERE ${since} GROUP BY device LIMIT ${groupsMax}`,
      bound,
    )
    for (const [device, at, firmware] of heard) {
      devices.hear(device, at, null)
      if (firmware !== '') devices.report(device, at, firmware)
    }
    readingsTo = Math.max(readingsTo, upTo)
  }

  const look = async (): Promise<void> => {
    await lookAtReadings()
    await lookAtSessions()
  }

  return {
    look,
    async load() {
      const known = await rows<[string, number, string, number, string]>(
        `SELECT device, ${milliseconds('received_at')}, address, ${milliseconds('landed_up_to')}, firmware FROM devices_heard FINAL`,
      )
      let upTo = 0
      for (const [device, at, address, landedUpTo, firmware] of known) {
        devices.hear(device, at, address === '' ? null : address)
        // When it said so is not kept: whatever lands from now on is newer.
        if (firmware !== '') devices.report(device, 0, firmware)
        upTo = Math.max(upTo, landedUpTo)
      }
      devices.takeChanged()
      const now = clock.now()
      // The minute that was being gathered when it ended is gathered anew.
      readingsTo = sessionsTo = Math.max(upTo - settleMs - 60_000, now - dayMs)
      if (now - readingsTo > absenceMs) {
        try {
          await sumUp()
        } catch (error) {
          // Too much to sum up in time: what is heard from now on is known all the same.
          logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'what was heard meanwhile could not be summed up')
          readingsTo = sessionsTo = now - settleMs
        }
      }
      const stretches = await rows<[number, number]>(
        `SELECT toInt64(min(m)) * 60000, toInt64(max(m)) * 60000 FROM (
           SELECT m, m - row_number() OVER (ORDER BY m) AS stretch FROM (SELECT DISTINCT intDiv(toUnixTimestamp(minute), 60) AS m FROM heard_by_minute)
         ) GROUP BY stretch ORDER BY 1`,
      )
      alive.load(stretches)
      await look()
    },
    async save() {
      const ended = minutes.takeEnded(clock.now() - settleMs)
      if (ended.length > 0) {
        const values = ended.map(({ site, minute, devices: heard, count }) => ({ site, minute: minute / 1_000, devices: heard, count }))
        await store.query.insert({ table: 'heard_by_minute', format: 'JSONEachRow', values })
      }
      const changed = devices.takeChanged()
      if (changed.length === 0) return
      const landedUpTo = storedMs(Math.min(readingsTo, sessionsTo === 0 ? readingsTo : Math.max(sessionsTo, readingsTo)))
      const values = changed.map(([device, { at, address, firmware }]) => ({
        device, received_at: storedMs(at), address: address ?? '', landed_up_to: landedUpTo, firmware: firmware ?? '',
      })) // prettier-ignore
      await store.query.insert({ table: 'devices_heard', format: 'JSONEachRow', values })
    },
  }
}

import type { ClickHouseClient } from '@clickhouse/client'
import type { Delivery, RedeliveryFilter } from '../../contracts/redelivery.ts'
import { readRows } from '../read-rows.ts'

/** Of each device, at most so many readings are remembered across a restart, and none that landed over an hour before the newest. */
const perDeviceMax = 128
const readingsMax = 2_000_000
const windowMs = 3_600_000

/** Tells the filter what has landed lately, oldest first. `newestMs` is the newest `landed_at`: after an outage the last hour is the hour before it. */
export const primeRedeliveries = async (client: ClickHouseClient, filter: RedeliveryFilter, newestMs: number): Promise<number> => {
  const rows = await readRows<[string, number | null, number, number | null, number, number]>(
    client,
    `SELECT device, toUnixTimestamp64Milli(device_time), toUnixTimestamp64Milli(received_at), seq, payload_hash, bytes FROM readings
     WHERE landed_at >= fromUnixTimestamp64Milli(toInt64(${newestMs - windowMs}))
     ORDER BY device, log_offset DESC LIMIT ${perDeviceMax} BY device LIMIT ${readingsMax}
     SETTINGS output_format_json_quote_64bit_integers = 0`,
  )
  let at = 0
  while (at < rows.length) {
    const device = rows[at]![0]
    const landed: Delivery[] = []
    for (; at < rows.length && rows[at]![0] === device; at++) {
      const [, deviceTime, receivedAt, seq, payloadHash, bytes] = rows[at]!
      landed.push({ deviceTime, receivedAt, seq, payloadHash, bytes })
    }
    filter.prime(device, landed.reverse())
  }
  return rows.length
}

import type { Connection } from '../../contracts/api/devices.ts'
import type { DeskConnection } from './desk-connection.ts'
import { milliseconds, moment } from './stored-time.ts'

const limitMax = 500

/** Where a page ended: when, and where in the log, since many events come at the same ms. */
const cursorText = /^(\d{1,15})\.(\d{1,5})\.(\d{1,16})$/

type Row = readonly [
  at: number, partition: number, offset: number, event: string, address: string, reason: string | null, clientId: string | null,
  fingerprint: string | null, tlsVersion: string | null, cipher: string | null, topic: string | null, amount: number | null,
] // prettier-ignore

/** A device's session events, newest first; a refused sign-in that claimed to be the device is one. A cursor that is none has no page. */
export const connectionsOf = async (
  device: string,
  before: string | null,
  limitAsked: number,
  { rows }: Pick<DeskConnection, 'rows'>,
): Promise<{ readonly items: readonly Connection[]; readonly next: string | null }> => {
  const limit = Math.max(1, Math.min(Math.floor(limitAsked), limitMax))
  const cursor = before === null ? null : cursorText.exec(before)
  if (before !== null && cursor === null) return { items: [], next: null }
  const [, at = 0, partition = 0, offset = 0] = cursor?.map(Number) ?? []
  const below =
    cursor === null
      ? ''
      : `AND received_at <= ${moment('at')} AND (received_at, log_partition, log_offset) < (${moment('at')}, {partition:UInt32}, {offset:UInt64})`
  const found = await rows<Row>(
    `SELECT ${milliseconds('received_at')}, log_partition, log_offset, event, address, reason, client_id, fingerprint, tls_version, cipher, topic, amount
     FROM sessions WHERE device = {device:String} ${below}
     ORDER BY received_at DESC, log_partition DESC, log_offset DESC LIMIT ${limit + 1}`,
    { device: device.toWellFormed(), ...(cursor === null ? {} : { at, partition, offset }) },
  )
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map(([atMs, , , event, address, reason, clientId, fingerprint, tlsVersion, cipher, topic, amount]) => ({
      at: atMs, event, address, reason, clientId, fingerprint, tlsVersion, cipher, topic, amount,
    })), // prettier-ignore
    next: found.length > limit && last !== undefined ? `${last[0]}.${last[1]}.${last[2]}` : null,
  }
}

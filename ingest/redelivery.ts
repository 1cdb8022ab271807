import type { Delivery, RedeliveryFilter } from '../contracts/redelivery.ts'

export interface RedeliverySettings {
  /** Distinct readings remembered of each device. */
  readonly perDeviceMax: number
  /** Devices remembered, at 24 bytes a reading; one not heard lately is forgotten for a new one. */
  readonly devicesMax: number
}

interface Recent {
  times: Float64Array
  seqs: Float64Array
  hashes: Int32Array
  lengths: Int32Array
  /** The slot to write next, and how many are held. */
  at: number
  held: number
  /** The highest sequence number ever held: a higher one is new without a look. */
  seqHigh: number
  /** Heard since the last search for a device to forget. */
  heard: boolean
}

const slotsAtFirst = 8
/** In `times` and `seqs`: the device sends none. No decoder lets a negative one in. */
const none = -1

const emptyRecent = (slots: number): Recent => ({
  times: new Float64Array(slots),
  seqs: new Float64Array(slots),
  hashes: new Int32Array(slots),
  lengths: new Int32Array(slots),
  at: 0,
  held: 0,
  seqHigh: none,
  heard: false,
})

const grow = (recent: Recent, slots: number): void => {
  const { times, seqs, hashes, lengths } = recent
  Object.assign(recent, emptyRecent(slots), { at: recent.held, held: recent.held, seqHigh: recent.seqHigh })
  recent.times.set(times)
  recent.seqs.set(seqs)
  recent.hashes.set(hashes)
  recent.lengths.set(lengths)
}

/**
 * At QoS 1 a reading is logged twice when the edge died between the log's fsync and its PUBACK, or the device between the PUBACK and its own
 * note of it. That is a *redelivery* and not a new reading: it must not land twice. Given the readings in log order, two of one device are the same when
 * their payloads' hash and length are equal, and
 *
 * - their sequence numbers, if they have one. The device's time stands in the payload, so equal payloads claim equal times; `deviceTime` itself
 *   may differ, because a clock that is ahead is clamped to another value at each delivery.
 * - otherwise their times, if they have one.
 *
 * A reading with neither has no identity: two equal ones may be two measurements, and `first` is said, because a row too many is mended
 * later and a row too few is not. The same goes for one without a sequence number whose time is relative (SenML) or clamped. What is
 * taken wrongly for a redelivery: a device without `ts` and `boot` that restarts its counter and measures the very same again within `perDeviceMax`
 * readings. The DUP flag plays no part: store-and-forward devices send again as new publishes.
 */
export const createRedeliveryFilter = (settings: Partial<RedeliverySettings> = {}): RedeliveryFilter & { readonly devices: number } => {
  const { perDeviceMax = 128, devicesMax = 100_000 } = settings
  const byDevice = new Map<string, Recent>()

  /** Second chance (Corbató 1968): a device heard since the last search goes to the end, the first that was not is forgotten. */
  const forgetOne = (): void => {
    for (const [device, recent] of byDevice) {
      byDevice.delete(device)
      if (!recent.heard) return
      recent.heard = false
      byDevice.set(device, recent)
    }
  }

  const recentOf = (device: string): Recent => {
    const known = byDevice.get(device)
    if (known !== undefined) {
      known.heard = true
      return known
    }
    if (byDevice.size >= devicesMax) forgetOne()
    const recent = emptyRecent(Math.min(slotsAtFirst, perDeviceMax))
    byDevice.set(device, recent)
    return recent
  }

  const isHeld = (recent: Recent, { deviceTime, seq, payloadHash, bytes }: Delivery): boolean => {
    if (seq === null ? deviceTime === null : seq > recent.seqHigh) return false
    const hash = payloadHash | 0
    for (let i = 0; i < recent.held; i++) {
      if (recent.hashes[i] !== hash || recent.lengths[i] !== bytes || recent.seqs[i] !== (seq ?? none)) continue
      if (seq !== null || recent.times[i] === deviceTime) return true
    }
    return false
  }

  const seen = (recent: Recent, reading: Delivery): 'first' | 'again' => {
    if (isHeld(recent, reading)) return 'again'
    const slots = recent.hashes.length
    if (recent.held === slots && slots < perDeviceMax) grow(recent, Math.min(slots * 2, perDeviceMax))
    recent.times[recent.at] = reading.deviceTime ?? none
    recent.seqs[recent.at] = reading.seq ?? none
    if (reading.seq !== null && reading.seq > recent.seqHigh) recent.seqHigh = reading.seq
    recent.hashes[recent.at] = reading.payloadHash
    recent.lengths[recent.at] = reading.bytes
    recent.at = (recent.at + 1) % recent.hashes.length
    if (recent.held < recent.hashes.length) recent.held++
    return 'first'
  }

  return {
    offer: (device, delivery) => seen(recentOf(device), delivery),
    prime(device, rows) {
      const recent = recentOf(device)
      for (const row of rows) seen(recent, row)
    },
    get devices() {
      return byDevice.size
    },
  }
}

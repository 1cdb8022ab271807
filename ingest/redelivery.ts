import type { Delivery, RedeliveryFilter } from '../contracts/redelivery.ts'

export interface RedeliverySettings {
  /** Distinct readings remembered of each device. */
  readonly perDeviceMax: number
  /** Devices remembered, at 24 bytes a reading; one not heard lately is forgotten for a new one. */
  readonly devicesMax: number
}

/**
 * What is remembered of a device, in one piece of memory: an offer touches two or three lines of the processor's cache, where an array for
 * each column would miss it a dozen times. First the four below, then the slots.
 */
type Recent = Float64Array
/** The slot to write next, and how many are held. */
const at = 0
const held = 1
/** The highest sequence number ever held: a higher one is new without a look. */
const seqHigh = 2
/** 1: heard since the last search for a device to forget. */
const heard = 3
const slotsFrom = 4
/** A slot: the device's time, the sequence number, and the payload's mark. */
const slotSize = 3

const slotsAtFirst = 8
/** As time and sequence number: the device sends none. No decoder lets a negative one in. */
const none = -1

const slotsOf = (recent: Recent): number => (recent.length - slotsFrom) / slotSize

const emptyRecent = (slots: number): Recent => {
  const recent = new Float64Array(slotsFrom + slots * slotSize)
  recent[seqHigh] = none
  return recent
}

/** The payload's length (under 2^21) and hash as one exact number. */
const markOf = ({ bytes, payloadHash }: Delivery): number => bytes * 0x1_0000_0000 + (payloadHash >>> 0)

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
      if (recent[heard] === 0) return
      recent[heard] = 0
      byDevice.set(device, recent)
    }
  }

  const isHeld = (recent: Recent, reading: Delivery): boolean => {
    const { deviceTime, seq } = reading
    if (seq === null ? deviceTime === null : seq > recent[seqHigh]!) return false
    const mark = markOf(reading)
    const end = slotsFrom + recent[held]! * slotSize
    for (let slot = slotsFrom; slot < end; slot += slotSize) {
      if (recent[slot + 2] !== mark || recent[slot + 1] !== (seq ?? none)) continue
      if (seq !== null || recent[slot] === deviceTime) return true
    }
    return false
  }

  /** All slots are held: the oldest stands first, and the next is written behind the newest. */
  const grown = (device: string, full: Recent): Recent => {
    const larger = emptyRecent(Math.min(slotsOf(full) * 2, perDeviceMax))
    larger.set(full)
    larger[at] = full[held]!
    byDevice.set(device, larger)
    return larger
  }

  const offer = (device: string, reading: Delivery): 'first' | 'again' => {
    let recent = byDevice.get(device)
    if (recent !== undefined) recent[heard] = 1
    else {
      if (byDevice.size >= devicesMax) forgetOne()
      recent = emptyRecent(Math.min(slotsAtFirst, perDeviceMax))
      byDevice.set(device, recent)
    }
    if (isHeld(recent, reading)) return 'again'
    if (recent[held] === slotsOf(recent) && recent[held] < perDeviceMax) recent = grown(device, recent)
    const next = recent[at]!
    const slot = slotsFrom + next * slotSize
    const { deviceTime, seq } = reading
    recent[slot] = deviceTime ?? none
    recent[slot + 1] = seq ?? none
    recent[slot + 2] = markOf(reading)
    if (seq !== null && seq > recent[seqHigh]!) recent[seqHigh] = seq
    const slots = slotsOf(recent)
    recent[at] = next + 1 === slots ? 0 : next + 1
    if (recent[held]! < slots) recent[held]!++
    return 'first'
  }

  return {
    offer,
    prime(device, rows) {
      for (const row of rows) offer(device, row)
    },
    forget: () => byDevice.clear(),
    get devices() {
      return byDevice.size
    },
  }
}

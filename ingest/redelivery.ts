import type { Reading } from '../contracts/observation.ts'

/** What tells two deliveries of one reading: the fields of `Reading` by these names, as rows of the store hold them too. */
export type Delivery = Pick<Reading, 'deviceTime' | 'receivedAt' | 'seq' | 'payloadHash' | 'bytes'>

export interface RedeliverySettings {
  /** Distinct readings remembered of each device. */
  readonly perDeviceMax: number
  /** Devices remembered; the one not heard for longest is forgotten first. At most 24 bytes a reading. */
  readonly devicesMax: number
}

export interface RedeliveryFilter {
  /** `again`: this reading is one of the device's last `perDeviceMax`, delivered once more. `first` readings are remembered. */
  offer(device: string, delivery: Delivery): 'first' | 'again'
  /** Remembers what has landed before a restart, oldest first, so that a redelivery across it is told too. */
  prime(device: string, landed: Iterable<Delivery>): void
  /** Devices remembered now. */
  readonly devices: number
}

interface Recent {
  times: Float64Array
  seqs: Float64Array
  hashes: Int32Array
  lengths: Int32Array
  /** The slot to write next, and how many are held. */
  at: number
  held: number
}

const slotsAtFirst = 8
/** In `times` and `seqs`: the device sends none. No decoder lets a negative one in. */
const none = -1
/** In `times`: the device's clock was ahead of the edge's, so the time may be a clamped one, another at each delivery. */
const ahead = -2

const grown = (recent: Recent, slots: number): void => {
  const [times, seqs] = [new Float64Array(slots), new Float64Array(slots)]
  const [hashes, lengths] = [new Int32Array(slots), new Int32Array(slots)]
  times.set(recent.times)
  seqs.set(recent.seqs)
  hashes.set(recent.hashes)
  lengths.set(recent.lengths)
  Object.assign(recent, { times, seqs, hashes, lengths, at: recent.held })
}

/**
 * At QoS 1 a reading is logged twice when the edge died between the log's fsync and its PUBACK, or the device between the PUBACK and its own
 * note of it. That is a *redelivery* and not a new reading: it must not land twice. Given the readings in log order, two of one device are the same when
 * payload hash and length, sequence number and device time are equal.
 *
 * - With a sequence number, a time that was ahead of the edge's clock matches any: it may have been clamped, to another value at each delivery.
 * - With neither sequence number nor time a reading has no identity: two equal ones may be two measurements, and `first` is said, because
 *   a row too many is mended later and a row too few is not. The same holds for one without a sequence number whose time is
 *   relative (SenML) or clamped.
 * - A device without a clock that restarts its counter and then measures exactly the same within `perDeviceMax` readings is taken for
 *   a redelivery; `boot` or `ts` in the message avoids it.
 *
 * The rule is the identity alone, not the DUP flag: store-and-forward devices send again as new publishes.
 */
export const createRedeliveryFilter = (settings: Partial<RedeliverySettings> = {}): RedeliveryFilter => {
  const { perDeviceMax = 128, devicesMax = 100_000 } = settings
  const byDevice = new Map<string, Recent>()

  const recentOf = (device: string): Recent => {
    const known = byDevice.get(device)
    if (known !== undefined) {
      // A Map keeps the order of insertion: the first key is the device not heard for longest.
      byDevice.delete(device)
      byDevice.set(device, known)
      return known
    }
    if (byDevice.size >= devicesMax) byDevice.delete(byDevice.keys().next().value!)
    const slots = Math.min(slotsAtFirst, perDeviceMax)
    const recent: Recent = {
      times: new Float64Array(slots),
      seqs: new Float64Array(slots),
      hashes: new Int32Array(slots),
      lengths: new Int32Array(slots),
      at: 0,
      held: 0,
    }
    byDevice.set(device, recent)
    return recent
  }

  const timeOf = ({ deviceTime, receivedAt }: Delivery): number =>
    deviceTime === null ? none : deviceTime > receivedAt ? ahead : deviceTime

  const isHeld = (recent: Recent, delivery: Delivery): boolean => {
    const seq = delivery.seq ?? none
    const time = timeOf(delivery)
    if (seq === none && (time === none || time === ahead)) return false
    for (let i = 0; i < recent.held; i++) {
      if (recent.hashes[i] !== (delivery.payloadHash | 0) || recent.lengths[i] !== delivery.bytes || recent.seqs[i] !== seq) continue
      const other = recent.times[i]!
      if (other === time || (seq !== none && time !== none && other !== none && (time === ahead || other === ahead))) return true
    }
    return false
  }

  const remember = (recent: Recent, delivery: Delivery): void => {
    const slots = recent.hashes.length
    if (recent.held === slots && slots < perDeviceMax) grown(recent, Math.min(slots * 2, perDeviceMax))
    recent.times[recent.at] = timeOf(delivery)
    recent.seqs[recent.at] = delivery.seq ?? none
    recent.hashes[recent.at] = delivery.payloadHash
    recent.lengths[recent.at] = delivery.bytes
    recent.at = (recent.at + 1) % recent.hashes.length
    if (recent.held < recent.hashes.length) recent.held++
  }

  return {
    offer(device, delivery) {
      const recent = recentOf(device)
      if (isHeld(recent, delivery)) return 'again'
      remember(recent, delivery)
      return 'first'
    },
    prime(device, landed) {
      const recent = recentOf(device)
      for (const delivery of landed) if (!isHeld(recent, delivery)) remember(recent, delivery)
    },
    get devices() {
      return byDevice.size
    },
  }
}

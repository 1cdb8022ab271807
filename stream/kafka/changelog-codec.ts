import type { Sealer } from '../../contracts/secrets.ts'
import { withKey, withoutKey } from '../keyed-value.ts'
import type { StateRecord } from './kafka-ports.ts'

export interface StateEntry {
  readonly key: string
  /** Null: deleted. */
  readonly value: Uint8Array | null
}

/**
 * A state entry as a changelog's record. Its Kafka key is a blind name, for compaction needs to know which records are of one key and nobody
 * needs to know which; the key itself lies sealed before its value, or beside a deletion. Sealed under the changelog's partition and the
 * blind name: a value can't be passed off as another key's.
 */
export interface ChangelogCodec {
  encode(entry: StateEntry): StateRecord
  /** Throws `SealBroken`. */
  decode(record: StateRecord): StateEntry
}

export const createChangelogCodec = (sealer: Sealer, name: string): ChangelogCodec => {
  const contextOf = (place: Buffer, what: string): string => `${what} of ${name} ${place.toString('hex')}`
  return {
    encode({ key, value }) {
      const place = sealer.blind(`${name}\0${key}`)
      if (value === null) return { place, sealed: null, sealedKey: sealer.seal(Buffer.from(key), contextOf(place, 'deletion')) }
      return { place, sealed: sealer.seal(withKey(key, value), contextOf(place, 'state')), sealedKey: null }
    },
    decode({ place, sealed, sealedKey }) {
      if (sealed === null)
        return { key: sealer.open(sealedKey ?? Buffer.alloc(0), contextOf(place, 'deletion')).toString('utf8'), value: null }
      return withoutKey(sealer.open(sealed, contextOf(place, 'state')))
    },
  }
}

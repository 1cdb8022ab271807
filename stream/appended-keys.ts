import { murmur2 } from '../contracts/partitioner.ts'
import type { EncodedKey } from './record-batch.ts'

/** Bytes and hash of the keys that a writer appends. They repeat (device ids), and encoding one costs more than looking it up. */
export interface AppendedKeys {
  encode(key: string): EncodedKey
}

const encodeKeyBytes = (bytes: Uint8Array): EncodedKey => ({ bytes, hash: murmur2(bytes) | 0 })

/** The partition that murmur2 gives, from its hash. */
export const partitionOfHash = (hash: number, partitions: number): number => (hash & 0x7fff_ffff) % partitions

/** Holds at most `keysMax` keys; when full it starts over, so a flood of made-up keys costs time and no memory. */
export const createAppendedKeys = (keysMax = 65_536): AppendedKeys => {
  const known = new Map<string, EncodedKey>()
  return {
    encode(key) {
      const here = known.get(key)
      if (here !== undefined) return here
      const encoded = encodeKeyBytes(Buffer.from(key))
      if (known.size >= keysMax) known.clear()
      known.set(key, encoded)
      return encoded
    },
  }
}

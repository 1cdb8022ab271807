/**
 * Whether our key is the one that a log was written with. What does not open is passed over only then: a wrong key would pass over everything, and
 * detectors would watch nothing.
 */
export interface KeyProof<Where> {
  /** Something has opened. */
  opened(): void
  /** Looks for something that opens, when nothing has so far. */
  holds(where: Where): Promise<boolean>
}

/** @param look reads in the log, `where` first, and answers whether it found anything that opens; rejects when that can't be read now */
export const createKeyProof = <Where>(look: (where: Where) => Promise<boolean>): KeyProof<Where> => {
  let proven = false
  let looking: Promise<boolean> | null = null
  return {
    opened() {
      proven = true
    },
    async holds(where) {
      if (proven) return true
      looking ??= look(where).finally(() => {
        looking = null
      })
      if (await looking) proven = true
      return proven
    },
  }
}

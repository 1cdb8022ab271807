/** A number for each text, the same for the same: numbers are compared faster. Texts are never forgotten: for sites, detectors and owners. */
export interface Numbers {
  of(text: string): number
  /** Without making one; -1 for a text that has none. */
  find(text: string): number
}

/** Beyond it all texts share one number, and are compared as texts: sites come from devices' topics. */
const numberedTextsMax = 100_000
export const sharedNumber = numberedTextsMax

export const createNumbers = (): Numbers => {
  const known = new Map<string, number>()
  return {
    of(text) {
      const found = known.get(text)
      if (found !== undefined) return found
      if (known.size >= numberedTextsMax) return sharedNumber
      known.set(text, known.size)
      return known.size - 1
    },
    find: (text) => known.get(text) ?? (known.size >= numberedTextsMax ? sharedNumber : -1),
  }
}

/** When something was said: at which record, and on whose behalf. */
export interface Moment {
  readonly offset: number
  /** For which time a timer had been set, ms; Infinity for what was said about the record itself, after all timers. */
  readonly wokenForMs: number
  readonly key: string
}

interface Utterance extends Moment {
  readonly speak: (findingsBefore: number) => void
  readonly isFinding: boolean
}

/** The order of one record after the other: timers by time, then key, then stage; then the record. What one key says at one record comes in order. */
const compare = (a: Moment, b: Moment): number => {
  if (a.offset !== b.offset) return a.offset - b.offset
  if (a.wokenForMs !== b.wokenForMs) return a.wokenForMs < b.wokenForMs ? -1 : 1
  if (a.key !== b.key) return a.key < b.key ? -1 : 1
  return 0
}

/** What the stages say while the records of a stretch are taken key by key, put in the order in which they would have said it record by record. */
export interface Utterances {
  add(moment: Moment, isFinding: boolean, speak: (findingsBefore: number) => void): void
  /** Lets everything be heard; a finding is told how many findings of its record came before it. */
  flush(): void
}

export const createUtterances = (): Utterances => {
  let said: Utterance[] = []
  let inOrder = true
  return {
    add({ offset, wokenForMs, key }, isFinding, speak) {
      const utterance = { offset, wokenForMs, key, isFinding, speak }
      if (inOrder && said.length > 0 && compare(said.at(-1)!, utterance) > 0) inOrder = false
      said.push(utterance)
    },
    flush() {
      if (said.length === 0) return
      const all = inOrder ? said : said.sort(compare)
      said = []
      inOrder = true
      let offset = NaN
      let findings = 0
      for (const utterance of all) {
        if (utterance.offset !== offset) findings = 0
        offset = utterance.offset
        utterance.speak(findings)
        if (utterance.isFinding) findings++
      }
    },
  }
}

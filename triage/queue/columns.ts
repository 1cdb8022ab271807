import type { Alert } from '../../contracts/alert.ts'
import { severities } from '../../contracts/finding.ts'
import { createNumbers, type Numbers } from './numbers.ts'
import { type Row, shelfNumber } from './row.ts'
import { createTrigrams, type Trigrams } from './trigrams.ts'

const firstCapacity = 4_096

/**
 * What filters ask of an alert, by slot and in typed arrays: looking through 100,000 alerts reads a few hundred kilobytes in a row instead of
 * following as many pointers.
 */
export interface Columns {
  /** Slots in use lie below. */
  readonly end: number
  /** 0 for a slot that is free; `shelfNumber` otherwise. */
  shelf: Uint8Array
  severity: Uint8Array
  site: Int32Array
  detector: Int32Array
  owner: Int32Array
  lastSeen: Float64Array
  /** Infinity without a clock that runs. */
  nextDueAt: Float64Array
  readonly alerts: (Alert | undefined)[]
  readonly haystacks: string[]
  readonly trigrams: Trigrams
  readonly numbers: { readonly site: Numbers; readonly detector: Numbers; readonly owner: Numbers }
  take(): number
  put(row: Row): void
  free(slot: number): void
}

export const createColumns = (): Columns => {
  const spare: number[] = []
  let capacity = firstCapacity
  let end = 0

  const columns: Columns = {
    get end() {
      return end
    },
    shelf: new Uint8Array(capacity),
    severity: new Uint8Array(capacity),
    site: new Int32Array(capacity),
    detector: new Int32Array(capacity),
    owner: new Int32Array(capacity),
    lastSeen: new Float64Array(capacity),
    nextDueAt: new Float64Array(capacity),
    alerts: [],
    haystacks: [],
    trigrams: createTrigrams(),
    numbers: { site: createNumbers(), detector: createNumbers(), owner: createNumbers() },
    take() {
      const slot = spare.pop() ?? end++
      if (slot >= capacity) grow()
      return slot
    },
    put({ slot, alert, shelf, nextDueAt, haystack }) {
      const known = columns.shelf[slot] === 0 ? undefined : columns.haystacks[slot]
      columns.shelf[slot] = shelfNumber[shelf]
      columns.severity[slot] = severities.indexOf(alert.severity)
      columns.site[slot] = columns.numbers.site.of(alert.site ?? '')
      columns.detector[slot] = columns.numbers.detector.of(alert.detector)
      columns.owner[slot] = columns.numbers.owner.of(alert.owner ?? '')
      columns.lastSeen[slot] = alert.lastSeen
      columns.nextDueAt[slot] = nextDueAt ?? Infinity
      columns.alerts[slot] = alert
      if (known === haystack) return
      if (known !== undefined) columns.trigrams.remove(slot, known)
      columns.trigrams.add(slot, haystack)
      columns.haystacks[slot] = haystack
    },
    free(slot) {
      columns.trigrams.remove(slot, columns.haystacks[slot]!)
      columns.shelf[slot] = 0
      columns.haystacks[slot] = ''
      columns.alerts[slot] = undefined
      spare.push(slot)
    },
  }

  const larger = <A extends Uint8Array | Int32Array | Float64Array>(from: A, to: A): A => {
    to.set(from)
    return to
  }
  const grow = (): void => {
    capacity *= 2
    columns.shelf = larger(columns.shelf, new Uint8Array(capacity))
    columns.severity = larger(columns.severity, new Uint8Array(capacity))
    columns.site = larger(columns.site, new Int32Array(capacity))
    columns.detector = larger(columns.detector, new Int32Array(capacity))
    columns.owner = larger(columns.owner, new Int32Array(capacity))
    columns.lastSeen = larger(columns.lastSeen, new Float64Array(capacity))
    columns.nextDueAt = larger(columns.nextDueAt, new Float64Array(capacity))
  }
  return columns
}

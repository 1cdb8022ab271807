import { comparePlaces, type Place } from './ordered.ts'

/** The first `count` places behind `after`, in order. One walk: what is behind the last of those held is passed by. */
export const firstOf = <P extends Place>(places: Iterable<P>, after: Place | null, count: number): P[] => {
  let held: P[] = []
  let last: P | null = null
  for (const place of places) {
    if (after !== null && comparePlaces(place, after) <= 0) continue
    if (last !== null && comparePlaces(place, last) >= 0) continue
    held.push(place)
    if (held.length < 2 * count) continue
    held = held.sort(comparePlaces).slice(0, count)
    last = held.at(-1)!
  }
  return held.sort(comparePlaces).slice(0, count)
}

/** A map that remembers at most `max` keys and forgets the one that was not asked for longest. */
export interface RecentMap<Value> {
  readonly size: number
  /** The value of the key, made when it is not known; the key is now the most recent. */
  get(key: string): Value
  peek(key: string): Value | undefined
  delete(key: string): void
  values(): IterableIterator<Value>
}

/** `mayForget` keeps a value that is in use: it counts as just asked for. When all are in use the map grows. */
export const createRecentMap = <Value>(
  max: number,
  make: (key: string) => Value,
  mayForget: (value: Value) => boolean = () => true,
): RecentMap<Value> => {
  const map = new Map<string, Value>()
  const forgetOne = (): void => {
    let tries = 8
    for (const [key, value] of map) {
      map.delete(key)
      if (mayForget(value)) return
      map.set(key, value)
      if (--tries === 0) return
    }
  }
  return {
    get size() {
      return map.size
    },
    get(key) {
      let value = map.get(key)
      if (value === undefined) {
        if (map.size >= max) forgetOne()
        value = make(key)
      } else map.delete(key)
      map.set(key, value)
      return value
    },
    peek: (key) => map.get(key),
    delete: (key) => void map.delete(key),
    values: () => map.values(),
  }
}

/**
 * The four functions of the `reflect-metadata` proposal that tsyringe, which @peculiar/x509 uses inside, calls; it refuses to load without them.
 * Imported for its effect, before @peculiar/x509. Does nothing where a whole polyfill is there already.
 */
type Key = string | symbol
interface WithMetadata {
  defineMetadata?: (key: Key, value: unknown, target: object) => void
  getOwnMetadata?: (key: Key, target: object) => unknown
  getMetadata?: (key: Key, target: object) => unknown
  hasMetadata?: (key: Key, target: object) => boolean
}

const reflect = Reflect as typeof Reflect & WithMetadata

if (reflect.getMetadata === undefined) {
  const kept = new WeakMap<object, Map<Key, unknown>>()
  const holder = (key: Key, target: object): object | null => {
    for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) if (kept.get(at)?.has(key) === true) return at
    return null
  }
  reflect.defineMetadata = (key, value, target) => {
    kept.set(target, (kept.get(target) ?? new Map<Key, unknown>()).set(key, value))
  }
  reflect.getOwnMetadata = (key, target) => kept.get(target)?.get(key)
  reflect.getMetadata = (key, target) => kept.get(holder(key, target) ?? target)?.get(key)
  reflect.hasMetadata = (key, target) => holder(key, target) !== null
}

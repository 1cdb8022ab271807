import type { DeadLetterReason } from '../contracts/decode.ts'
import { vitalNamed } from '../contracts/vitals.ts'

/**
 * A vital's name: the table's, or a device's own. It becomes a key of objects and of a ClickHouse Map, so it starts with a letter or a digit
 * (never `__proto__`), is ASCII, and has at most 64 characters.
 */
const vitalNamePattern = /^[A-Za-z0-9][A-Za-z0-9 _.:/%()+-]{0,63}$/

export const isVitalName = (name: string): boolean => vitalNamed(name) !== undefined || vitalNamePattern.test(name)

const isIn = (sentinels: readonly number[], value: number): boolean => {
  for (let i = 0; i < sentinels.length; i++) if (sentinels[i] === value) return true
  return false
}

/** Whether the table says that a device sends this value for "not connected". */
export const isSentinel = (name: string, value: number): boolean => isIn(vitalNamed(name)?.sentinels ?? [], value)

export type VitalValues =
  | { readonly ok: true; readonly vitals: Record<string, number>; readonly sentinels: Record<string, number> | null }
  | { readonly ok: false; readonly reason: DeadLetterReason; readonly detail: string }

const bad = (reason: DeadLetterReason, detail: string): VitalValues => ({ ok: false, reason, detail })

/** Takes sentinels and nulls out into a record of their own; only for the messages that have some. */
const part = (given: Record<string, number | null>): VitalValues => {
  const vitals: Record<string, number> = {}
  const sentinels: Record<string, number> = {}
  let marked = false
  for (const name in given) {
    const value = given[name]!
    if (value === null) continue
    if (isSentinel(name, value)) {
      sentinels[name] = value + 0
      marked = true
    } else vitals[name] = value + 0
  }
  return { ok: true, vitals, sentinels: marked ? sentinels : null }
}

/**
 * The `vitals` of a Wardwatch message, checked. A value is a finite number (`1e999` parses to Infinity) or null, which means "not measured" and
 * is left out: neither a value nor a sentinel. Minus zero becomes zero: JSON does not keep it, so a detector's state would not either.
 * Nearly all messages pass in one walk and keep the parsed object itself.
 */
export const readVitals = (given: unknown, vitalsMax: number): VitalValues => {
  if (given === undefined || given === null) return bad('no-vitals', 'there is no vitals object')
  if (typeof given !== 'object' || Array.isArray(given)) return bad('bad-vitals', 'vitals is not an object')
  const vitals = given as Record<string, unknown>
  let count = 0
  let asGiven = true
  // The object comes from JSON.parse: its prototype has nothing enumerable, and a `__proto__` member is an own one that fails the pattern.
  for (const name in vitals) {
    const value = vitals[name]
    if (++count > vitalsMax) return bad('too-many-vitals', `more than ${vitalsMax} vitals`)
    const row = vitalNamed(name)
    if (row === undefined && !vitalNamePattern.test(name))
      return bad('bad-vitals', `a vital's name of ${name.length} characters is not allowed`)
    if (value === null) {
      asGiven = false
      continue
    }
    if (typeof value !== 'number' || value - value !== 0) return bad('bad-vitals', `${name} is not a finite number`)
    if ((row !== undefined && isIn(row.sentinels, value)) || Object.is(value, -0)) asGiven = false
  }
  if (count === 0) return bad('no-vitals', 'vitals is empty')
  return asGiven ? { ok: true, vitals: vitals as Record<string, number>, sentinels: null } : part(vitals as Record<string, number | null>)
}

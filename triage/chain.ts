import { createHash } from 'node:crypto'
import { type CaseEvent, caseEvent } from '../contracts/case-event.ts'

/** The `previous` of the first event. */
export const chainStart = '0'.repeat(64)

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** JSON with the keys of every object in code-unit order: the same value has one text (RFC 8785 for the values used here). */
export const canonicalJson = (value: Json): string => {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const object = value as { readonly [key: string]: Json }
  const keys = Object.keys(object).toSorted()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key]!)}`).join(',')}}`
}

type Without<Event, Key extends string> = Event extends CaseEvent ? Omit<Event, Key> : never

/** An event before it has its place in the chain. */
export type Draft = Without<CaseEvent, 'sequence' | 'previous' | 'hash'>

/** SHA-256 in hex over the canonical JSON of the event without its hash. */
export const hashOf = (event: Without<CaseEvent, 'hash'>): string => createHash('sha256').update(canonicalJson(event)).digest('hex')

/** Closes an event with its hash. Throws for one that is not a case event: a verifier could not read it later. */
export const sealLink = (event: Without<CaseEvent, 'hash'>): CaseEvent => caseEvent.parse({ ...event, hash: hashOf(event) })

/** What is wrong with an event at its place in the chain, or null. */
export const brokenLink = (event: CaseEvent, expected: { readonly sequence: number; readonly previous: string }): string | null => {
  if (event.sequence !== expected.sequence) return `its sequence is ${event.sequence}, ${expected.sequence} was due`
  if (event.previous !== expected.previous) return `it does not name the event before it`
  const { hash, ...rest } = event
  return hashOf(rest) === hash ? null : 'its content does not match its hash'
}

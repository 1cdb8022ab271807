import { z } from 'zod'
import { identifierPattern } from '../../contracts/identifiers.ts'

const column = z.string().min(1)
/** A fixed text, or a column that has it. */
const fixedOrColumn = z.union([z.strictObject({ is: z.string().min(1).max(64) }), z.strictObject({ column })])

/** Every value of a vital is `value * factor + offset` in the table's unit. */
const vitalTarget = z.strictObject({
  vital: z.string().min(1).max(64),
  factor: z.number().default(1),
  offset: z.number().default(0),
})

const time = z.discriminatedUnion('kind', [
  /** ISO 8601; `zone` (`Z` or `+02:00`) is for stamps that carry none. */
  z.strictObject({
    kind: z.literal('iso'),
    column,
    zone: z
      .string()
      .regex(/^(Z|[+-]\d\d:\d\d)$/)
      .default('Z'),
  }),
  /** Counted from 1970. */
  z.strictObject({ kind: z.literal('epoch'), column, unit: z.enum(['second', 'millisecond']) }),
  /** Counted from `base`, an ISO date: recordings that were stripped of their dates. */
  z.strictObject({
    kind: z.literal('relative'),
    column,
    unit: z.enum(['millisecond', 'second', 'minute', 'hour']),
    base: z.iso.datetime(),
  }),
])

const shared = {
  /** What the file is and where its traps lie: for people. */
  description: z.string().optional(),
  delimiter: z.string().length(1).default(','),
  /** The device's name: these columns joined by `-`, after `prefix`; what may not stand in an identifier becomes `-`. */
  device: z.strictObject({ columns: z.array(column).min(1), prefix: z.string().max(32).default('') }),
  site: fixedOrColumn,
  model: fixedOrColumn,
  ward: fixedOrColumn.optional(),
  time,
  /** The device's own message counter; counted from 1 per device without. */
  seq: column.optional(),
  /** Only rows whose column has one of these texts. */
  where: z.record(column, z.array(z.string()).min(1)).default({}),
  /** `file`: each device's rows keep the file's order, even where its stamps repeat or go back. `time`: sorted by stamp. */
  order: z.enum(['time', 'file']).default('time'),
}

/** How a CSV becomes readings. `long`: a row is one value of one vital. `wide`: a row is one reading, a column a vital. */
export const recordingMapping = z.discriminatedUnion('form', [
  z.strictObject({
    form: z.literal('long'),
    ...shared,
    vital: z.strictObject({
      column,
      value: column,
      names: z.record(z.string(), z.union([z.string(), vitalTarget])),
      /** A vital that `names` does not list: kept under its own name, or skipped and counted. */
      others: z.enum(['keep', 'skip']).default('skip'),
    }),
  }),
  z.strictObject({
    form: z.literal('wide'),
    ...shared,
    vitals: z.record(column, z.union([z.string(), vitalTarget])),
  }),
])
export type RecordingMapping = z.infer<typeof recordingMapping>
export type VitalTarget = z.infer<typeof vitalTarget>

export const targetOf = (target: string | VitalTarget): VitalTarget =>
  typeof target === 'string' ? { vital: target, factor: 1, offset: 0 } : target

/** Reads a mapping's JSON text; a refusal names the field. Never throws. */
export const parseMapping = (json: string): { ok: true; mapping: RecordingMapping } | { ok: false; reason: string } => {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    return { ok: false, reason: `the mapping is not JSON: ${(error as Error).message}` }
  }
  const parsed = recordingMapping.safeParse(value)
  if (parsed.success) return { ok: true, mapping: parsed.data }
  const [issue] = parsed.error.issues
  return { ok: false, reason: `the mapping's ${issue?.path.join('.') || 'form'}: ${issue?.message}` }
}

/** A text as an identifier: `Subject 1` becomes `Subject-1`. Null when nothing is left of it. */
export const asIdentifier = (text: string): string | null => {
  const cleaned = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
  return identifierPattern.test(cleaned) ? cleaned : null
}

/** A SenML record with its base fields applied (RFC 8428 section 4.6). */
export interface ResolvedRecord {
  readonly name: string
  readonly unit: string | undefined
  readonly value: number | null
  readonly text: string | null
  /** ms since the epoch; null when the pack gives no time for it. */
  readonly time: number | null
}

export type Resolved = { readonly ok: true; readonly records: readonly ResolvedRecord[] } | { readonly ok: false; readonly detail: string }

const versionMax = 10
/** Below this a time is relative to now, RFC 8428 section 4.5.3. Seconds. */
const relativeBelow = 2 ** 28
const namePattern = /^[A-Za-z0-9][-A-Za-z0-9:./_]*$/
const labels = ['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'u', 'v', 'vs', 'vb', 'vd', 's', 't', 'ut'] as const
const numeric = ['bt', 'bv', 'bs', 'bver', 'v', 's', 't', 'ut'] as const
const textual = ['bn', 'bu', 'n', 'u', 'vs', 'vd'] as const

type Fields = { readonly [label in (typeof labels)[number]]?: unknown }

const fault = (record: Record<string, unknown>): string | null => {
  for (const label of numeric) {
    const value = record[label]
    if (value !== undefined && !(typeof value === 'number' && Number.isFinite(value))) return `${label} is not a finite number`
  }
  for (const label of textual) {
    const value = record[label]
    if (value !== undefined && !(typeof value === 'string' && value.length <= 256))
      return `${label} is not a text of at most 256 characters`
  }
  if (record['vb'] !== undefined && typeof record['vb'] !== 'boolean') return 'vb is not a flag'
  const values = (record['v'] === undefined ? 0 : 1) + (record['vs'] === undefined ? 0 : 1) + (record['vb'] === undefined ? 0 : 1)
  if (values + (record['vd'] === undefined ? 0 : 1) > 1) return 'a record has more than one value'
  for (const label in record) if (label.endsWith('_')) return 'a label that must be understood is not known'
  return null
}

/**
 * Applies the base fields of a pack. Flags become 1 and 0; sums (`s`, `bs`) and data (`vd`) are passed over; records that only set base
 * fields yield nothing. Times: absolute from 2^28 s on; relative to `receivedAt` when below and not zero; zero is "now", so no claim at all.
 * @param receivedAt ms
 */
export const resolveSenml = (pack: readonly unknown[], receivedAt: number): Resolved => {
  const records: ResolvedRecord[] = []
  let baseName = ''
  let baseTime = 0
  let baseUnit: string | undefined
  let baseValue: number | undefined
  for (const given of pack) {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return { ok: false, detail: 'a record is not an object' }
    const wrong = fault(given as Record<string, unknown>)
    if (wrong !== null) return { ok: false, detail: wrong }
    const record = given as Fields
    if (record.bver !== undefined && (record.bver as number) > versionMax) return { ok: false, detail: `a version over ${versionMax}` }
    if (record.bn !== undefined) baseName = record.bn as string
    if (record.bt !== undefined) baseTime = record.bt as number
    if (record.bu !== undefined) baseUnit = record.bu as string
    if (record.bv !== undefined) baseValue = record.bv as number
    const own = record.v !== undefined ? (record.v as number) : typeof record.vb === 'boolean' ? Number(record.vb) : undefined
    const text = (record.vs as string | undefined) ?? null
    const passedOver = text === null && own === undefined && (record.vd !== undefined || record.s !== undefined || record.bs !== undefined)
    // A record may take its whole value from the base value, but only when it names something.
    if (passedOver || (text === null && own === undefined && (baseValue === undefined || record.n === undefined))) continue
    const name = baseName + ((record.n as string | undefined) ?? '')
    if (name.length > 256 || !namePattern.test(name)) return { ok: false, detail: 'a record has no name that SenML allows' }
    const seconds = baseTime + ((record.t as number | undefined) ?? 0)
    records.push({
      name,
      unit: (record.u as string | undefined) ?? baseUnit,
      // The base value is added to numbers only.
      value: text !== null ? null : record.vb !== undefined ? own! : (own ?? 0) + (baseValue ?? 0),
      text,
      time: seconds === 0 ? null : seconds >= relativeBelow ? Math.floor(seconds * 1_000) : Math.floor(receivedAt + seconds * 1_000),
    })
  }
  return { ok: true, records }
}

import { type RecordingMapping, type VitalTarget, asIdentifier, targetOf } from './mapping.ts'
import { readRows, RecordingRefused } from './read-rows.ts'
import { decimalPattern, timeReader } from './read-time.ts'

export interface RecordedDevice {
  readonly device: string
  readonly site: string
  readonly model: string
  readonly ward: string
}

/** All vitals of a device at one time: one message. */
export interface RecordedMessage extends RecordedDevice {
  /** ms since the epoch. */
  readonly ts: number
  readonly seq: number
  readonly vitals: Readonly<Record<string, number>>
}

/** Why a row, or a cell of a wide row, gave nothing. An empty cell is no fault. */
export type RowFault =
  | 'filtered'
  | 'no-device'
  | 'no-site'
  | 'bad-time'
  | 'bad-value'
  | 'empty-value'
  | 'unmapped-vital'
  | 'no-vitals'
  | 'bad-seq'

export interface RecordingStats {
  /** Data rows, the header not counted. */
  readonly rows: number
  readonly messages: number
  /** Values of vitals in all messages. */
  readonly values: number
  readonly faults: Readonly<Partial<Record<RowFault, number>>>
  readonly firstMs: number | null
  readonly lastMs: number | null
}

/** A recording in memory, in the order it is to be played. */
export interface Recording extends AsyncIterable<RecordedMessage>, Iterable<RecordedMessage> {
  readonly devices: readonly RecordedDevice[]
  readonly stats: RecordingStats
}

export interface ReadRecordingOptions {
  /** More data rows are refused: the recording is sorted in memory (about 300 bytes a row). */
  readonly rowsMax?: number
}

interface Draft {
  readonly from: RecordedDevice
  readonly ts: number
  readonly seq: number | null
  /** What it is sorted by: its time, or what keeps the file's order. */
  readonly key: number
  readonly vitals: Record<string, number>
}

/**
 * Reads a CSV by a mapping. Values are carried exactly, dirty ones (0, -1, -17.8) too; what cannot be read is counted with its reason.
 * Equal stamps keep the file's order. Throws `RecordingRefused` for a file that is none: missing, unreadable, without a mapped column, too long.
 */
export const readRecording = async (path: string, mapping: RecordingMapping, options: ReadRecordingOptions = {}): Promise<Recording> => {
  const { rowsMax = 2_000_000 } = options
  const collector = createCollector(path, mapping)
  let rows = -1
  for await (const row of readRows(path, mapping.delimiter)) {
    if (rows === -1) collector.header(row)
    else collector.row(row)
    if (++rows > rowsMax) throw new RecordingRefused(`${path} has more than ${rowsMax} rows (rowsMax)`)
  }
  if (rows === -1) throw new RecordingRefused(`${path} is empty`)
  return collector.finish(rows)
}

interface Collector {
  header(names: readonly string[]): void
  row(cells: readonly string[]): void
  finish(rows: number): Recording
}

const createCollector = (path: string, mapping: RecordingMapping): Collector => {
  const faults: Partial<Record<RowFault, number>> = {}
  const fault = (reason: RowFault): void => {
    faults[reason] = (faults[reason] ?? 0) + 1
  }
  const readTime = timeReader(mapping.time)
  const drafts: Draft[] = []
  /** The messages of a device at one time: as many as one vital was given. */
  const open = new Map<string, Draft[]>()
  const devices = new Map<string, RecordedDevice>()
  const rawById = new Map<string, string>()
  const highest = new Map<RecordedDevice, number>()
  let indexOf = (_column: string): number => -1
  let wide: { readonly at: number; readonly target: VitalTarget }[] = []
  let where: { readonly at: number; readonly allowed: ReadonlySet<string> }[] = []
  const named = new Map(mapping.form === 'long' ? Object.entries(mapping.vital.names).map(([name, to]) => [name, targetOf(to)]) : [])

  const cell = (cells: readonly string[], column: string): string => (cells[indexOf(column)] ?? '').trim()
  const text = (cells: readonly string[], from: { is: string } | { column: string }): string =>
    'is' in from ? from.is : cell(cells, from.column)

  /** The device of a row, drawn up at its first. Two names that clean to one identifier stay two. */
  const deviceOf = (cells: readonly string[]): RecordedDevice | RowFault => {
    const raw = mapping.device.prefix + mapping.device.columns.map((column) => cell(cells, column)).join('-')
    const known = devices.get(raw)
    if (known !== undefined) return known
    const cleaned = mapping.device.columns.every((column) => cell(cells, column) === '') ? null : asIdentifier(raw)
    if (cleaned === null) return 'no-device'
    const site = asIdentifier(text(cells, mapping.site))
    if (site === null) return 'no-site'
    let device = cleaned
    for (let n = 2; rawById.has(device); n++) device = `${cleaned.slice(0, 60)}-${n}`
    rawById.set(device, raw)
    const ward = mapping.ward === undefined ? '' : text(cells, mapping.ward).slice(0, 64)
    const fresh = { device, site, model: text(cells, mapping.model).slice(0, 64), ward }
    devices.set(raw, fresh)
    return fresh
  }

  const valueOf = (raw: string, { factor, offset }: VitalTarget): number | null => {
    if (!decimalPattern.test(raw)) return null
    const value = Number(raw)
    const scaled = factor === 1 && offset === 0 ? value : value * factor + offset
    return Number.isFinite(scaled) ? scaled : null
  }

  const draft = (from: RecordedDevice, ts: number, seq: number | null, vitals: Record<string, number>): Draft => {
    const key = mapping.order === 'time' ? ts : Math.max(ts, highest.get(from) ?? ts)
    if (mapping.order === 'file') highest.set(from, key)
    const made = { from, ts, seq, key, vitals }
    drafts.push(made)
    return made
  }

  const longRow = (cells: readonly string[], from: RecordedDevice, ts: number, seq: number | null): void => {
    if (mapping.form !== 'long') return
    const name = cell(cells, mapping.vital.column)
    const target = named.get(name) ?? (mapping.vital.others === 'keep' && name !== '' ? { vital: name, factor: 1, offset: 0 } : undefined)
    if (target === undefined) return fault('unmapped-vital')
    const raw = cell(cells, mapping.vital.value)
    if (raw === '') return fault('empty-value')
    const value = valueOf(raw, target)
    if (value === null) return fault('bad-value')
    const slot = `${from.device}\u0000${ts}`
    const here = open.get(slot) ?? []
    // The same vital once more at the same time goes to a message of its own: nothing is overwritten.
    const free = here.find(({ vitals }) => !Object.hasOwn(vitals, target.vital))
    if (free !== undefined) free.vitals[target.vital] = value
    else open.set(slot, [...here, draft(from, ts, seq, { [target.vital]: value })])
  }

  const wideRow = (cells: readonly string[], from: RecordedDevice, ts: number, seq: number | null): void => {
    const vitals: Record<string, number> = {}
    let some = false
    for (const { at, target } of wide) {
      const raw = (cells[at] ?? '').trim()
      if (raw === '') continue
      const value = valueOf(raw, target)
      if (value === null) fault('bad-value')
      else {
        vitals[target.vital] = value
        some = true
      }
    }
    if (some) draft(from, ts, seq, vitals)
    else fault('no-vitals')
  }

  return {
    header(names) {
      const positions = new Map(names.map((name, at) => [name.trim(), at]))
      indexOf = (column) => {
        const at = positions.get(column)
        if (at === undefined) throw new RecordingRefused(`${path} has no column ${column}; it has ${[...positions.keys()].join(', ')}`)
        return at
      }
      const mapped = mapping.form === 'wide' ? Object.entries(mapping.vitals) : []
      wide = mapped.map(([column, to]) => ({ at: indexOf(column), target: targetOf(to) }))
      where = Object.entries(mapping.where).map(([column, allowed]) => ({ at: indexOf(column), allowed: new Set(allowed) }))
      const needed = [mapping.time.column, ...mapping.device.columns, ...(mapping.seq === undefined ? [] : [mapping.seq])]
      if (mapping.form === 'long') needed.push(mapping.vital.column, mapping.vital.value)
      for (const from of [mapping.site, mapping.model, mapping.ward]) if (from !== undefined && 'column' in from) needed.push(from.column)
      needed.forEach(indexOf)
    },
    row(cells) {
      for (const { at, allowed } of where) if (!allowed.has((cells[at] ?? '').trim())) return fault('filtered')
      const ts = readTime(cell(cells, mapping.time.column))
      if (ts === null) return fault('bad-time')
      const from = deviceOf(cells)
      if (typeof from === 'string') return fault(from)
      let seq: number | null = null
      if (mapping.seq !== undefined) {
        seq = Number(cell(cells, mapping.seq) || Number.NaN)
        if (!Number.isSafeInteger(seq) || seq < 0) return fault('bad-seq')
      }
      if (mapping.form === 'long') longRow(cells, from, ts, seq)
      else wideRow(cells, from, ts, seq)
    },
    finish(rows) {
      open.clear()
      // Stable: equal keys keep the file's order.
      drafts.sort((a, b) => a.key - b.key)
      const counters = new Map<RecordedDevice, number>()
      let [values, firstMs, lastMs] = [0, null as number | null, null as number | null]
      const messages = drafts.map(({ from, ts, seq, vitals }): RecordedMessage => {
        const next = (counters.get(from) ?? 0) + 1
        counters.set(from, next)
        values += Object.keys(vitals).length
        if (firstMs === null || ts < firstMs) firstMs = ts
        if (lastMs === null || ts > lastMs) lastMs = ts
        return { ...from, ts, seq: seq ?? next, vitals }
      })
      return {
        devices: [...devices.values()].filter((one) => counters.has(one)),
        stats: { rows, messages: messages.length, values, faults, firstMs, lastMs },
        [Symbol.iterator]: () => messages[Symbol.iterator](),
        async *[Symbol.asyncIterator]() {
          yield* messages
        },
      }
    },
  }
}

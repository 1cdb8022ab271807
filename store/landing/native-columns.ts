/**
 * ClickHouse's Native format, a block of columns: https://clickhouse.com/docs/interfaces/formats/Native
 * Each encoder writes rows `rows` (indexes) of a column; the server turns our types into the table's.
 */
export interface NativeColumn {
  readonly name: string
  readonly type: string
  readonly parts: readonly Uint8Array[]
}

/** LEB128, of a whole number below 2^53. */
const varint = (value: number): Buffer => {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest)
      return Buffer.from(bytes)
    }
    bytes.push((rest % 128) | 128)
  }
}

const bytesOf = (array: Float64Array | Uint32Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

const texts = (rows: readonly number[], at: (row: number) => Uint8Array): Uint8Array[] => {
  let bytes = 0
  for (const row of rows) bytes += at(row).length + 5
  const out = Buffer.allocUnsafe(bytes)
  let end = 0
  for (const row of rows) {
    const text = at(row)
    let rest = text.length
    for (; rest >= 128; rest >>>= 7) out[end++] = (rest & 127) | 128
    out[end++] = rest
    out.set(text, end)
    end += text.length
  }
  return [out.subarray(0, end)]
}

export const nativeText = (name: string, rows: readonly number[], at: (row: number) => Uint8Array): NativeColumn => ({
  name,
  type: 'String',
  parts: texts(rows, at),
})

export const nativeConstant = (name: string, rows: number, text: string): NativeColumn => {
  const one = Buffer.from(text)
  const each = Buffer.concat([varint(one.length), one])
  return { name, type: 'String', parts: [Buffer.alloc(rows * each.length, each)] }
}

export const nativeNumber = (name: string, rows: readonly number[], at: (row: number) => number): NativeColumn => ({
  name,
  type: 'Float64',
  parts: [bytesOf(Float64Array.from(rows, at))],
})

export const nativeNullable = (name: string, rows: readonly number[], at: (row: number) => number | null): NativeColumn => {
  const values = new Float64Array(rows.length)
  const nulls = new Uint8Array(rows.length)
  for (const [i, row] of rows.entries()) {
    const value = at(row)
    if (value === null) nulls[i] = 1
    else values[i] = value
  }
  return { name, type: 'Nullable(Float64)', parts: [nulls, bytesOf(values)] }
}

const two32 = 4_294_967_296

/** Times, ms from 1970 on (a Float64 would be taken for seconds). `at` answers null only where `nullable`. */
export const nativeTime = (name: string, rows: readonly number[], at: (row: number) => number | null, nullable = false): NativeColumn => {
  const words = new Uint32Array(rows.length * 2)
  const nulls = new Uint8Array(nullable ? rows.length : 0)
  for (const [i, row] of rows.entries()) {
    const ms = at(row)
    if (ms === null) nulls[i] = 1
    else {
      words[i * 2] = ms % two32
      words[i * 2 + 1] = Math.floor(ms / two32)
    }
  }
  const type = "DateTime64(3, 'UTC')"
  return { name, type: nullable ? `Nullable(${type})` : type, parts: nullable ? [nulls, bytesOf(words)] : [bytesOf(words)] }
}

/** Maps of text to number: as an array of pairs, the ends of the rows first. */
export const nativeMap = (name: string, rows: readonly number[], at: (row: number) => Readonly<Record<string, number>>): NativeColumn => {
  const ends = new Uint32Array(rows.length * 2)
  const keys: Uint8Array[] = []
  const values: number[] = []
  for (const [i, row] of rows.entries()) {
    for (const [key, value] of Object.entries(at(row))) {
      keys.push(Buffer.from(key))
      values.push(value)
    }
    ends[i * 2] = keys.length
  }
  const all = keys.map((_, i) => i)
  return {
    name,
    type: 'Map(String, Float64)',
    parts: [bytesOf(ends), ...texts(all, (i) => keys[i]!), bytesOf(Float64Array.from(values))],
  }
}

/** One block. */
export const nativeBlock = (columns: readonly NativeColumn[], rows: number): Buffer => {
  const named = (text: string): Uint8Array[] => [varint(Buffer.byteLength(text)), Buffer.from(text)]
  return Buffer.concat([
    varint(columns.length),
    varint(rows),
    ...columns.flatMap(({ name, type, parts }) => [...named(name), ...named(type), ...parts]),
  ])
}

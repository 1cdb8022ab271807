/** A column of Arrow's C data interface: `u` UTF-8 text, `g` float64. Buffers: validity bitmap or null, then offsets (text), then data. */
export interface ArrowColumn {
  readonly name: string
  readonly format: 'u' | 'g'
  readonly length: number
  readonly nullCount: number
  readonly buffers: readonly (Buffer | null)[]
}

const bytesOf = (array: Float64Array | Int32Array | Uint8Array, elements: number): Buffer =>
  Buffer.from(array.buffer, array.byteOffset, elements * array.BYTES_PER_ELEMENT)

/** Up to here a loop costs less than a call into the engine. */
const loopLengthMax = 32

/** Writes the text as UTF-8, for which there is room, and answers where it ends. */
const writeText = (data: Buffer, text: string, at: number): number => {
  if (text.length > loopLengthMax) return at + data.write(text, at)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return at + data.write(text, at)
    data[at + i] = code
  }
  return at + text.length
}

/** A growing text column without nulls. Reused: `clear` keeps the memory. */
export interface TextColumn {
  push(text: string): void
  at(row: number): string
  /** UTF-8; valid until the column changes. */
  bytesAt(row: number): Uint8Array
  arrow(name: string): ArrowColumn
  clear(): void
}

export const createTextColumn = (): TextColumn => {
  let offsets = new Int32Array(1_025)
  let data = Buffer.allocUnsafe(16_384)
  let length = 0
  let end = 0
  return {
    push(text) {
      if (length + 1 === offsets.length) {
        const grown = new Int32Array(offsets.length * 2)
        grown.set(offsets)
        offsets = grown
      }
      // UTF-8 takes at most three bytes for each UTF-16 unit.
      if (end + text.length * 3 > data.length) {
        const grown = Buffer.allocUnsafe(Math.max(data.length * 2, end + text.length * 3))
        data.copy(grown, 0, 0, end)
        data = grown
      }
      end = writeText(data, text, end)
      offsets[++length] = end
    },
    at: (row) => data.toString('utf8', offsets[row], offsets[row + 1]),
    bytesAt: (row) => data.subarray(offsets[row], offsets[row + 1]),
    arrow: (name) => ({ name, format: 'u', length, nullCount: 0, buffers: [null, bytesOf(offsets, length + 1), data.subarray(0, end)] }),
    clear() {
      length = 0
      end = 0
    },
  }
}

/** Float64 columns without nulls, side by side: one check of the room for a whole row. */
export interface DenseColumns<Name extends string> {
  readonly values: Readonly<Record<Name, Float64Array>>
  /** Makes room for the row; `values` may be other arrays afterwards. */
  reserve(row: number): void
  arrow(name: Name, length: number): ArrowColumn
}

export const createDenseColumns = <const Name extends string>(names: readonly Name[]): DenseColumns<Name> => {
  let room = 1_024
  const values = Object.fromEntries(names.map((name) => [name, new Float64Array(room)])) as Record<Name, Float64Array>
  return {
    values,
    reserve(row) {
      if (row < room) return
      room = Math.max(room * 2, row + 1)
      for (const name of names) {
        const grown = new Float64Array(room)
        grown.set(values[name])
        values[name] = grown
      }
    },
    arrow: (name, length) => ({ name, format: 'g', length, nullCount: 0, buffers: [null, bytesOf(values[name], length)] }),
  }
}

/** A growing column of float64, null until set. Integers up to 2^53 stand in it exactly. */
export interface NumberColumn {
  set(row: number, value: number): void
  at(row: number): number | null
  /** `length` is the batch's: rows never set are null. */
  arrow(name: string, length: number): ArrowColumn
  clear(): void
  readonly isEmpty: boolean
}

export const createNumberColumn = (): NumberColumn => {
  let values = new Float64Array(1_024)
  let validity = new Uint8Array(128)
  let valid = 0
  let highest = 0

  const reserve = (rows: number): void => {
    if (rows <= values.length) return
    const size = Math.max(values.length * 2, rows + 7) & ~7
    const grown = new Float64Array(size)
    grown.set(values)
    values = grown
    const grownValidity = new Uint8Array(size >> 3)
    grownValidity.set(validity)
    validity = grownValidity
  }

  return {
    set(row, value) {
      if (row >= values.length) reserve(row + 1)
      values[row] = value
      validity[row >> 3]! |= 1 << (row & 7)
      valid++
      highest = row + 1
    },
    at: (row) => (row < values.length && (validity[row >> 3]! & (1 << (row & 7))) !== 0 ? values[row]! : null),
    arrow(name, length) {
      reserve(length)
      const full = valid === length
      const buffers = [full ? null : bytesOf(validity, (length + 7) >> 3), bytesOf(values, length)]
      return { name, format: 'g', length, nullCount: length - valid, buffers }
    },
    clear() {
      validity.fill(0, 0, (highest + 7) >> 3)
      valid = 0
      highest = 0
    },
    get isEmpty() {
      return valid === 0
    },
  }
}

import { printable } from '../board/render.ts'

/** Widths are taken from this many rows; later ones may be wider. */
const widthRows = 500
const cellLengthMax = 80

const cellText = (value: unknown): string => {
  const text = printable(value === null ? '-' : typeof value === 'string' ? value : JSON.stringify(value))
  return text.length > cellLengthMax ? `${text.slice(0, cellLengthMax - 1)}…` : text
}

/** Rows (JSON arrays, one a line) as a table; numbers to the right. */
export const tableLines = async function* (names: readonly string[], rows: AsyncIterable<string>): AsyncGenerator<string> {
  const columns = names.map(printable)
  const widths = columns.map(({ length }) => length)
  const right = columns.map(() => true)
  let waiting: string[][] | null = []
  let some = false
  const format = (cells: readonly string[]): string =>
    `${cells
      .map((cell, i) => (right[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()}\n`
  const head = function* (ready: readonly string[][]): Generator<string> {
    if (columns.length > 0) yield format(columns)
    for (const cells of ready) yield format(cells)
  }
  for await (const line of rows) {
    const values = line.startsWith('[') ? (JSON.parse(line) as unknown[]) : [line]
    const cells = values.map(cellText)
    some = true
    if (waiting === null) {
      yield format(cells)
      continue
    }
    values.forEach((value, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cells[i]!.length)
      right[i] = (right[i] ?? true) && (value === null || typeof value === 'number' || /^-?\d+(\.\d+)?$/.test(cells[i]!))
    })
    waiting.push(cells)
    if (waiting.length >= widthRows) {
      yield* head(waiting)
      waiting = null
    }
  }
  if (waiting !== null) yield* head(waiting)
  if (!some) yield 'no rows\n'
}

/** Each row as a list of its columns: for wide rows. */
export const verticalLines = async function* (names: readonly string[], rows: AsyncIterable<string>): AsyncGenerator<string> {
  const columns = names.map(printable)
  const width = Math.max(0, ...columns.map(({ length }) => length))
  let row = 0
  for await (const line of rows) {
    const values = JSON.parse(line) as unknown[]
    yield `row ${++row}\n`
    for (const [i, name] of columns.entries())
      yield `  ${name.padEnd(width)}  ${printable(values[i] === null ? '-' : typeof values[i] === 'string' ? values[i] : JSON.stringify(values[i]))}\n`
  }
  if (row === 0) yield 'no rows\n'
}

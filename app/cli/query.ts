import { askStream } from '../control/client.ts'
import { BadCall, type Command, textFlag, wholeNumber } from './command.ts'
import { tableLines, verticalLines } from './query-table.ts'
import { dataFlag, dataOf } from './settings-flags.ts'

/** How an answer is shown, and what the platform is asked for it. */
const formats = {
  table: 'JSONCompactEachRow',
  vertical: 'JSONCompactEachRow',
  json: 'JSONEachRow',
  csv: 'CSV',
  tsv: 'TabSeparated',
} as const
type Format = keyof typeof formats

export const queryCommand: Command = {
  name: 'query',
  summary: 'asks the running platform, read-only, in SQL',
  usage: "'SELECT ..'",
  example: `npx wardwatch query 'SELECT device, count() FROM readings GROUP BY device ORDER BY 2 DESC LIMIT 5'`,
  flags: {
    ...dataFlag,
    format: { value: 'NAME', help: `${Object.keys(formats).join(', ')} (default: table)` },
    rows: { value: 'N', help: 'rows at the most (default 10000); more are told on standard error' },
  },
  positionalsMin: 1,
  async run(call) {
    const format = (textFlag(call, 'format') ?? 'table') as Format
    if (!Object.hasOwn(formats, format)) throw new BadCall(`--format ${format}: one of ${Object.keys(formats).join(', ')} is allowed`)
    const rowsMax = wholeNumber(call, 'rows', 10_000, 1, 10_000_000)
    const answer = await askStream(dataOf(call), 'query', { sql: call.positionals[0], format: formats[format], rowsMax })
    if (!answer.ok) {
      process.stderr.write(`wardwatch: ${answer.problem}\n`)
      return 1
    }
    try {
      let lines = 0
      const counted = async function* (): AsyncGenerator<string> {
        for await (const line of linesOf(answer.value)) {
          lines++
          yield line
        }
      }
      for await (const text of show(format, counted())) process.stdout.write(text)
      // The first line is the columns.
      if (lines - 1 >= rowsMax) process.stderr.write(`wardwatch: only the first ${rowsMax} rows are shown; --rows N shows more\n`)
      return 0
    } catch (error) {
      process.stderr.write(`wardwatch: the answer broke off: ${error instanceof Error ? error.message : String(error)}\n`)
      return 1
    }
  },
}

const linesOf = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}

interface Column {
  readonly name: string
}

const show = async function* (format: Format, lines: AsyncGenerator<string>): AsyncGenerator<string> {
  const first = await lines.next()
  const columns = (JSON.parse(first.done === true ? '[]' : first.value) as Column[]).map(({ name }) => name)
  if (format === 'table') yield* tableLines(columns, lines)
  else if (format === 'vertical') yield* verticalLines(columns, lines)
  else {
    if (format === 'csv') yield `${columns.map((name) => JSON.stringify(name)).join(',')}\n`
    if (format === 'tsv') yield `${columns.join('\t')}\n`
    for await (const line of lines) yield `${line}\n`
  }
}

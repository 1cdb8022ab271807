import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** A flag of a command. `value` names what it takes; without it the flag is a switch. */
export interface Flag {
  readonly value?: string
  readonly help: string
  readonly short?: string
  readonly many?: boolean
}

export interface Call {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
  readonly many: Readonly<Record<string, readonly string[]>>
  readonly positionals: readonly string[]
}

export interface Command {
  /** The words that call it, e.g. `device enrol`. */
  readonly name: string
  readonly summary: string
  /** What comes behind the name, e.g. `FILE --map MAP`. */
  readonly usage: string
  readonly example: string
  readonly flags: Readonly<Record<string, Flag>>
  readonly positionalsMin?: number
  readonly positionalsMax?: number
  /** Answers the exit code. */
  run(call: Call): Promise<number>
}

/** A call that the user can mend: one line on standard error, exit code 2. */
export class BadCall extends Error {}

/** A number below zero is a value, for the command to judge: for `parseArgs` it looks like an option, and no option of ours is a digit. */
const withNegatives = (words: readonly string[], options: ParseArgsOptionsConfig): string[] => {
  const joined: string[] = []
  for (const [i, word] of words.entries()) {
    if (word === '--') return [...joined, ...words.slice(i)]
    const before = words[i - 1]
    const takesValue = before?.startsWith('--') === true && options[before.slice(2)]?.type === 'string'
    if (takesValue && /^-\.?\d/.test(word)) joined[joined.length - 1] = `${before}=${word}`
    else joined.push(word)
  }
  return joined
}

/** What `parseArgs` calls ambiguous: an option that takes a value, and what follows it begins with a minus. */
const ambiguous = (text: string, words: readonly string[]): string | null => {
  const option = /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument is ambiguous/.exec(text)?.[1]
  if (option === undefined) return null
  const value = words.find((word, i) => words[i - 1] === option && word.startsWith('-')) ?? ''
  return `${option} needs a value, and ${value} follows it; a value that begins with a minus is written ${option}=${value}`
}

export const parseCall = (command: Command, words: readonly string[]): Call => {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } }
  for (const [name, flag] of Object.entries(command.flags))
    options[name] = {
      type: flag.value === undefined ? 'boolean' : 'string',
      ...(flag.many === true ? { multiple: true } : {}),
      ...(flag.short === undefined ? {} : { short: flag.short }),
    }
  let parsed
  try {
    parsed = parseArgs({ args: withNegatives(words, options), options, allowPositionals: true, strict: true })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new BadCall(ambiguous(text, words) ?? text.split('\n')[0]!.split('. To specify')[0]!.replace(/\.$/, ''), { cause: error })
  }
  const { positionals } = parsed
  const flags: Record<string, string | boolean | undefined> = {}
  const many: Record<string, readonly string[]> = {}
  for (const [name, value] of Object.entries(parsed.values)) {
    if (Array.isArray(value)) many[name] = value.map(String)
    else flags[name] = value
  }
  if (flags['help'] !== true) {
    if (positionals.length < (command.positionalsMin ?? 0))
      throw new BadCall(`'wardwatch ${command.name}' needs ${command.usage.split(' ').slice(0, command.positionalsMin).join(' ')}`)
    if (positionals.length > (command.positionalsMax ?? command.positionalsMin ?? 0))
      throw new BadCall(`unexpected '${positionals[command.positionalsMax ?? command.positionalsMin ?? 0]}'`)
  }
  return { flags, many, positionals }
}

export const helpOf = (command: Command): string => {
  const rows = Object.entries(command.flags).map(
    ([name, flag]) => [`--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`, flag.help] as const,
  )
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 2
  return [
    `wardwatch ${command.name} ${command.usage}`.trimEnd(),
    `  ${command.summary}`,
    ...(rows.length === 0 ? [] : ['', ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)]),
    '',
    `Example: ${command.example}`,
    '',
  ].join('\n')
}

/** A flag's whole number, with its bounds in the refusal. */
export const wholeNumber = (call: Call, name: string, fallback: number, low: number, high: number): number => {
  const text = call.flags[name]
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < low || value > high)
    throw new BadCall(`--${name} ${String(text)}: a whole number from ${low} to ${high} is allowed`)
  return value
}

/** A duration such as `90s`, `5m`, `2h`, `250ms`, in ms. */
export const durationMs = (call: Call, name: string): number | undefined => {
  const text = call.flags[name]
  if (text === undefined) return undefined
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(text))
  if (match === null) throw new BadCall(`--${name} ${String(text)}: a duration such as 90s, 5m or 2h is allowed`)
  return Number(match[1]) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h']
}

export const textFlag = (call: Call, name: string): string | undefined => {
  const value = call.flags[name]
  return typeof value === 'string' ? value : undefined
}

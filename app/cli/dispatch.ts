import { BadCall, type Command, helpOf, parseCall } from './command.ts'
import { commands } from './commands.ts'

const overview = (): string => {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2
  return [
    "Wardwatch watches a hospital's connected medical devices.",
    '',
    'wardwatch COMMAND [flags]      wardwatch COMMAND --help',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Example: npx wardwatch demo',
    '',
  ].join('\n')
}

/** The commands that share a first word, e.g. `kafka`. */
const familyOf = (first: string): readonly Command[] => commands.filter(({ name }) => name.startsWith(`${first} `))

const familyHelp = (first: string, family: readonly Command[]): string => {
  const width = Math.max(...family.map(({ name }) => name.length)) + 2
  const rows = family.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`)
  return [`wardwatch ${first} COMMAND [flags]      wardwatch ${first} COMMAND --help`, '', ...rows, ''].join('\n')
}

/** What help there is for these words; everything's where they name nothing. */
const helpFor = (words: readonly string[]): string => {
  const found = find(words)
  if (found !== null) return helpOf(found.command)
  const [first = ''] = words
  const family = familyOf(first)
  return family.length > 0 ? familyHelp(first, family) : overview()
}

const find = (words: readonly string[]): { command: Command; rest: readonly string[] } | null => {
  for (const length of [2, 1]) {
    const command = commands.find(({ name }) => name === words.slice(0, length).join(' ') && name.split(' ').length === length)
    if (command !== undefined) return { command, rest: words.slice(length) }
  }
  return null
}

const run = async (words: readonly string[]): Promise<number> => {
  const [first] = words
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    process.stdout.write(helpFor(words.slice(1)))
    return 0
  }
  const found = find(words)
  if (found === null) {
    const family = familyOf(first)
    if (family.length > 0 && (words.includes('--help') || words.includes('-h'))) {
      process.stdout.write(familyHelp(first, family))
      return 0
    }
    throw new BadCall(
      family.length > 0
        ? `wardwatch ${first}: one of ${family.map(({ name }) => name.slice(first.length + 1)).join(', ')} must follow`
        : `unknown command '${first}'; wardwatch help lists them`,
    )
  }
  const call = parseCall(found.command, found.rest)
  if (call.flags['help'] === true) {
    process.stdout.write(helpOf(found.command))
    return 0
  }
  return found.command.run(call)
}

/** Runs the command that the words name; answers the exit code: 0 done, 1 it could not be done, 2 a call to be mended. */
export const dispatch = async (words: readonly string[]): Promise<number> => {
  try {
    return await run(words)
  } catch (error) {
    if (error instanceof BadCall) {
      process.stderr.write(`wardwatch: ${error.message}\n`)
      return 2
    }
    process.stderr.write(`wardwatch: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return 1
  }
}

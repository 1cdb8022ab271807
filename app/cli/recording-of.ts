import { readFileSync } from 'node:fs'
import { parseMapping } from '../../simulators/recording/mapping.ts'
import { type Recording, readRecording } from '../../simulators/recording/read-recording.ts'
import { RecordingRefused } from '../../simulators/recording/read-rows.ts'
import { BadCall, type Call, type Flag, textFlag } from './command.ts'

export const mapFlag: Readonly<Record<string, Flag>> = {
  map: { value: 'MAP', help: 'how its columns become readings: a JSON file; simulators/recording/mappings has examples' },
}

/** Reads the CSV (plain or gzip) that a command names, by the mapping it names. */
export const recordingOf = async (call: Call): Promise<Recording> => {
  const [file] = call.positionals
  const map = textFlag(call, 'map')
  if (map === undefined) throw new BadCall('--map MAP is needed: simulators/recording/mappings has an example for each kind of file')
  let json: string
  try {
    json = readFileSync(map, 'utf8')
  } catch (error) {
    throw new BadCall(`--map ${map}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  const mapping = parseMapping(json)
  if (!mapping.ok) throw new BadCall(`--map ${map}: ${mapping.reason}`)
  try {
    return await readRecording(file!, mapping.mapping)
  } catch (error) {
    if (error instanceof RecordingRefused) throw new BadCall(error.message, { cause: error })
    throw error
  }
}

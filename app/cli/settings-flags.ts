import { type Config, loadConfig, settings } from '../config.ts'
import { BadCall, type Call, type Flag, textFlag } from './command.ts'

/** The flags of every setting, and those that bring others. */
export const settingsFlags: Readonly<Record<string, Flag>> = {
  config: { value: 'FILE', help: 'a YAML file of settings' },
  set: { value: 'KEY=VALUE', help: 'any setting by its path, e.g. limits.packetBytesMax=65536; may come many times', many: true },
  ...Object.fromEntries(settings.map(({ flag, description }) => [flag, { value: 'VALUE', help: description }])),
}

/** For a command that connects as devices do: whose certificate it takes for the edge's. */
export const edgeNameFlag: Readonly<Record<string, Flag>> = {
  'mqtt-names': {
    value: 'VALUE',
    help: "names and addresses in the broker's certificate; it has to carry the first one (default localhost)",
  },
}

/** The flag that names the platform which a command asks. */
export const dataFlag: Readonly<Record<string, Flag>> = {
  data: { value: 'DIR', help: 'data directory of the platform (default wardwatch-data; the demo uses wardwatch-demo)' },
}

/** The same, for a command that reads the log itself when the platform does not run. */
export const logFlags: Readonly<Record<string, Flag>> = {
  ...dataFlag,
  ...Object.fromEntries(
    Object.entries(settingsFlags).filter(([name]) => name === 'config' || name === 'key-file' || name.startsWith('log-')),
  ),
}

/** Settings from flags, environment and file; what is wrong with them is the user's to mend. */
export const configOf = (call: Call, defaults: Readonly<Record<string, unknown>> = {}): Config => {
  const file = textFlag(call, 'config') ?? process.env['WARDWATCH_CONFIG']
  const loaded = loadConfig({
    flags: call.flags,
    set: call.many['set'] ?? [],
    environment: process.env,
    ...(file === undefined ? {} : { file }),
    defaults,
  })
  if (!loaded.ok) throw new BadCall(loaded.problem)
  return loaded.config
}

/** The data directory of the platform to ask: the flag, the environment, else the one that exists. */
export const dataOf = (call: Call): string => configOf(call).data

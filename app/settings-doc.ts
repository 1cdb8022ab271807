import { readFileSync } from 'node:fs'
import { edgeLimits } from '../broker/limits.ts'
import { configSchema, settings } from './config.ts'

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], value)

const show = (value: unknown): string =>
  value === undefined
    ? ''
    : value === null
      ? 'none'
      : Array.isArray(value)
        ? value.join(', ')
        : typeof value === 'string'
          ? value
          : JSON.stringify(value)

/** docs/settings.md, made from the schemas so that it can't be wrong. */
export const settingsMarkdown = (): string => {
  const defaults = configSchema.parse({})
  const limits = edgeLimits.parse({}) as Readonly<Record<string, unknown>>
  const source = readFileSync(new URL('../broker/limits.ts', import.meta.url), 'utf8')
  // The sentence of a limit is the comment that stands before it, so that the one who reads the code reads the same.
  const limitText = (name: string): string =>
    new RegExp(`/\\*\\* ([^*]+?) \\*/\\s+${name}:`).exec(source)?.[1]?.replaceAll(/\s+/g, ' ') ?? ''
  return [
    '# Settings',
    '',
    'A flag goes before the environment, that before the YAML file (`--config FILE`), that before the default. `--set KEY=VALUE` sets any key by its path.',
    'A wrong setting is told with its key, its value and what is allowed, and the command ends with exit code 2.',
    '',
    '| key | flag | environment | default | what |',
    '|---|---|---|---|---|',
    ...settings.map(
      ({ path, flag, variable, description }) =>
        `| ${path.join('.')} | --${flag} | ${variable} | ${show(at(defaults, path))} | ${description} |`,
    ),
    '',
    'The master key is only read from `WARDWATCH_KEY` (64 hexadecimal digits) or from the key file.',
    '',
    '## limits',
    '',
    "The edge's guards, under `limits:` in the file or as `--set limits.NAME=VALUE`. Crossing one is an observation, never a crash.",
    '',
    '| limit | default | what |',
    '|---|---|---|',
    ...Object.entries(limits).map(([name, value]) => `| ${name} | ${show(value)} | ${limitText(name)} |`),
    '',
    '## detectors',
    '',
    'Parameters by detector id: `detectors: { flood: { ... } }`, or `--set detectors.ID.NAME=VALUE`. docs/detectors.md lists them.',
    '',
    '## bridges',
    '',
    'A list of other brokers to read:',
    '',
    '```yaml',
    'bridges:',
    '  - name: emqx',
    '    url: mqtts://broker.example:8883',
    '    subscription: $share/wardwatch/v1/+/+/telemetry',
    '    topicPattern: v1/+site/+device/telemetry',
    '    caFile: /etc/wardwatch/emqx-ca.crt',
    '    certificateFile: /etc/wardwatch/bridge.crt',
    '    keyFile: /etc/wardwatch/bridge.key',
    '```',
    '',
    'Several machines may have the same entry, and share its messages: [docs/edges.md](edges.md), *Another broker*.',
    '',
  ].join('\n')
}

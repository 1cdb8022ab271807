import { capacityMarkdown } from '../capacity/scale-doc.ts'
import { capacityOf, tellCapacity } from '../capacity/report.ts'
import { BadCall, type Call, type Command, wholeNumber } from './command.ts'

const numberFlag = (call: Call, name: string, fallback: number, low: number, high: number): number => {
  const text = call.flags[name]
  if (text === undefined) return fallback
  const value = Number(text)
  if (String(text).trim() === '' || !(value >= low && value <= high))
    throw new BadCall(`--${name} ${String(text)}: a number from ${low} to ${high} is allowed`)
  return value
}

export const capacityCommand: Command = {
  name: 'capacity',
  summary:
    'what so many devices need of every part, which part is full first, and a bad day simulated; from measured figures (docs/scale.md)',
  usage: '--devices N | --table',
  example: 'npx wardwatch capacity --devices 100000 --messages-per-second-per-device 0.2',
  flags: {
    devices: { value: 'N', help: 'devices that are connected' },
    'messages-per-second-per-device': { value: 'N', help: 'of each of them (default 0.5)' },
    'payload-bytes': { value: 'N', help: 'of a message (default 222)' },
    'retention-days': { value: 'N', help: 'how long ClickHouse keeps readings (default 90)' },
    replication: { value: 'N', help: 'copies on Kafka; above 1 ClickHouse has two replicas (default 3)' },
    'linger-ms': { value: 'N', help: 'limits.lingerMsMax of the edges: longer makes fewer and larger blobs (default 16)' },
    seed: { value: 'N', help: 'of the simulated day (default 1)' },
    json: { help: 'everything as JSON, with the figures it comes from' },
    table: { help: 'the tables of docs/scale.md instead: 10,000 to 10,000,000 devices' },
  },
  async run(call) {
    if (call.flags['table'] === true) {
      if (Object.keys(call.flags).length > 1) throw new BadCall('--table goes alone')
      process.stdout.write(capacityMarkdown())
      return 0
    }
    if (call.flags['devices'] === undefined) throw new BadCall('capacity needs --devices N, or --table')
    const report = capacityOf({
      devices: wholeNumber(call, 'devices', 0, 1, 1_000_000_000),
      messagesPerSecondPerDevice: numberFlag(call, 'messages-per-second-per-device', 0.5, 0, 200),
      payloadBytes: wholeNumber(call, 'payload-bytes', 222, 1, 262_144),
      retentionDays: wholeNumber(call, 'retention-days', 90, 1, 36_500),
      replication: wholeNumber(call, 'replication', 3, 1, 9),
      lingerMs: wholeNumber(call, 'linger-ms', 16, 1, 100),
      seed: wholeNumber(call, 'seed', 1, 0, 2_147_483_647),
    })
    process.stdout.write(call.flags['json'] === true ? `${JSON.stringify(report, null, 2)}\n` : tellCapacity(report))
    return 0
  },
}

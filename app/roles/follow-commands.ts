import type { Delivery } from '../../broker/commands.ts'
import type { Clock } from '../../contracts/clock.ts'
import { type Command, type CommandRecord, commandRecord } from '../../contracts/command.ts'
import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'

/** The part of the edge that this needs. */
interface Delivers {
  /** Publishes to the device if it is connected here; says what became of it. */
  deliver(command: Command): Promise<Delivery>
}

type Delivered = Extract<CommandRecord, { readonly type: 'delivered' }>

const pendingMax = 100_000
const againMsDefault = 15_000
/** No connection has to come before these are tried again. */
const passing: ReadonlySet<Delivery> = new Set(['timeout', 'disconnected', 'busy'])

/**
 * Follows `commands.v1`: each command goes to its device when that is connected here, is tried again when it connects and, on a connection
 * that stands, every `againMs`, and is forgotten when it was delivered (by any edge: that is a record too) or has expired. At least
 * once; the command's id tells a repeat.
 */
export const followCommands = async (options: {
  readonly log: EventLog
  readonly edge: Delivers
  readonly clock: Clock
  readonly logger: Logger
  readonly group: string
  readonly againMs?: number
}) => {
  const { log, edge, clock, logger, group, againMs = againMsDefault } = options
  const pending = new Map<string, { readonly partition: number; readonly commands: Map<string, Command> }>()
  /** Partitions of which more is known than was read; `true`: a batch came since it was looked at. */
  const behind = new Map<number, boolean>()
  const sending = new Set<string>()
  /** Devices that subscribed while a command was on its way to the connection that they had before. */
  const readyMeanwhile = new Set<string>()
  const toTryAgain = new Set<string>()
  let unrecorded: Delivered[] = []
  const next = new Map<number, number>()
  let delivered = 0
  let waiting = 0
  let dropped = 0

  const forget = (device: string, id: string): void => {
    const waits = pending.get(device)
    if (waits?.commands.delete(id) !== true) return
    waiting--
    if (waits.commands.size === 0) pending.delete(device)
  }

  /** What can't be recorded now is recorded later; after a restart before that, it is sent once more, and its id tells the device. */
  const record = async (delivered: readonly Delivered[]): Promise<void> => {
    try {
      await log.append(
        'commands.v1',
        delivered.map((one) => ({ key: one.device, value: Buffer.from(JSON.stringify(one)) })),
      )
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
      if (unrecorded.length === 0) logger.warn({ reason: error.reason }, 'deliveries of commands can not be recorded; it is tried again')
      unrecorded = [...unrecorded, ...delivered].slice(-pendingMax)
    }
  }

  const send = async (device: string): Promise<void> => {
    if (sending.has(device)) return
    sending.add(device)
    toTryAgain.delete(device)
    try {
      for (;;) {
        const [next] = pending.get(device)?.commands.values() ?? []
        if (next === undefined) return
        if (next.expiresAt <= clock.now()) {
          logger.warn({ command: next.id, device }, 'a command expired before the device took it')
          forget(device, next.id)
          continue
        }
        readyMeanwhile.delete(device)
        const became = await edge.deliver(next)
        // A device that subscribed at QoS 0 acknowledges nothing: having written to it is all there is.
        if (became === 'delivered' || became === 'unacknowledged') {
          delivered++
          forget(device, next.id)
          void record([{ type: 'delivered', id: next.id, device, at: clock.now() }])
        } else if (!readyMeanwhile.has(device)) {
          if (passing.has(became)) toTryAgain.add(device)
          return
        }
      }
    } finally {
      sending.delete(device)
      readyMeanwhile.delete(device)
    }
  }

  /** Only behind the end of what is known: a command whose delivery stands later in the log must not go out again. */
  const reached = (partition: number): void => {
    behind.delete(partition)
    for (const [device, waits] of pending) if (waits.partition === partition) void send(device)
  }

  const consumer = await log.consume({
    topics: ['commands.v1'],
    group,
    // After a rebalance it goes on where it was: what was delivered long ago is not taken for new.
    onAssigned: async (partitions) => partitions.map(({ partition }) => next.get(partition) ?? 'earliest'),
    async onBatch(batch) {
      for (const record of batch.records) {
        const parsed = commandRecord.safeParse(JSON.parse(Buffer.from(record.value).toString('utf8')))
        if (!parsed.success) continue
        if (parsed.data.type === 'delivered') forget(parsed.data.device, parsed.data.id)
        else if (parsed.data.command.expiresAt > clock.now()) {
          const { command } = parsed.data
          if (waiting >= pendingMax) {
            dropped++
            continue
          }
          const waits = pending.get(command.device) ?? { partition: batch.partition, commands: new Map<string, Command>() }
          if (!waits.commands.has(command.id)) waiting++
          waits.commands.set(command.id, command)
          pending.set(command.device, waits)
        }
      }
      next.set(batch.partition, batch.nextOffset)
      if (batch.nextOffset < batch.endOffset) behind.set(batch.partition, true)
      else reached(batch.partition)
    },
  })

  const timer = setInterval(() => {
    const late = unrecorded
    unrecorded = []
    if (late.length > 0) void record(late)
    for (const device of toTryAgain) void send(device)
    // What stood there was nothing for us, or it can't be read for now: a command is not kept back for that.
    for (const [partition, heard] of behind)
      if (heard) behind.set(partition, false)
      else reached(partition)
  }, againMs)

  return {
    failed: consumer.failed,
    /** The device has subscribed to its commands: what waits for it goes out. */
    deviceReady: (device: string): void => {
      const waits = pending.get(device)
      if (sending.has(device)) readyMeanwhile.add(device)
      else if (waits !== undefined && !behind.has(waits.partition)) void send(device)
    },
    stats: () => ({ delivered, waiting, dropped }),
    async close() {
      clearInterval(timer)
      if (unrecorded.length > 0) void record(unrecorded.splice(0))
      await consumer.close()
    },
  }
}

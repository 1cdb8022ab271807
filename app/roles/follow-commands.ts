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

const pendingMax = 100_000

/**
 * Follows `commands.v1`: each command goes to its device when that is connected here, is tried again when it connects, and is forgotten
 * when it was delivered (by any edge: that is a record too) or has expired. At least once; the command's id tells a repeat.
 */
export const followCommands = async (options: {
  readonly log: EventLog
  readonly edge: Delivers
  readonly clock: Clock
  readonly logger: Logger
  readonly group: string
}) => {
  const { log, edge, clock, logger, group } = options
  const pending = new Map<string, Map<string, Command>>()
  const sending = new Set<string>()
  const next = new Map<number, number>()
  let delivered = 0
  let waiting = 0
  let dropped = 0

  const forget = (device: string, id: string): void => {
    const commands = pending.get(device)
    if (commands?.delete(id) !== true) return
    waiting--
    if (commands.size === 0) pending.delete(device)
  }

  const send = async (device: string): Promise<void> => {
    if (sending.has(device)) return
    sending.add(device)
    try {
      for (;;) {
        const [next] = pending.get(device)?.values() ?? []
        if (next === undefined) return
        if (next.expiresAt <= clock.now()) {
          logger.warn({ command: next.id, device }, 'a command expired before the device took it')
          forget(device, next.id)
          continue
        }
        const became = await edge.deliver(next)
        // A device that subscribed at QoS 0 acknowledges nothing: having written to it is all there is.
        if (became !== 'delivered' && became !== 'unacknowledged') return
        delivered++
        forget(device, next.id)
        const record: CommandRecord = { type: 'delivered', id: next.id, device, at: clock.now() }
        await log.append('commands.v1', [{ key: device, value: Buffer.from(JSON.stringify(record)) }])
      }
    } catch (error) {
      // Not recorded as delivered: after a restart it is sent once more, and its id tells the device.
      if (!(error instanceof LogUnavailable)) throw error
      logger.warn({ device, reason: error.reason }, 'the delivery of a command could not be recorded')
    } finally {
      sending.delete(device)
    }
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
          const commands = pending.get(command.device) ?? new Map<string, Command>()
          commands.set(command.id, command)
          pending.set(command.device, commands)
          waiting++
        }
      }
      next.set(batch.partition, batch.nextOffset)
      // Only behind the end of what is known: a command whose delivery stands later in the log must not go out again.
      if (batch.nextOffset >= batch.endOffset) for (const device of pending.keys()) void send(device)
    },
  })

  return {
    failed: consumer.failed,
    /** The device has subscribed to its commands: what waits for it goes out. */
    deviceReady: (device: string): void => {
      if (pending.has(device)) void send(device)
    },
    stats: () => ({ delivered, waiting, dropped }),
    async close() {
      await consumer.close()
    },
  }
}

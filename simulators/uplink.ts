import type { Logger } from '../contracts/logger.ts'
import { commandTopic, uplinkTopic, type UplinkLeaf } from '../contracts/mqtt-topics.ts'
import { type ConnectFailure, type Connection, type ConnectOptions, openConnection } from './mqtt-connection.ts'
import type { Random } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

export interface UplinkOptions {
  readonly device: string
  readonly site: string
  /** How to reach the broker; the uplink adds client id, will and callbacks. */
  readonly connect: Omit<ConnectOptions, 'clientId' | 'will' | 'onMessage' | 'onClosed'>
  readonly scheduler: Scheduler
  readonly random: Random
  readonly logger: Logger
  /** Messages that wait; at the limit the oldest goes and `dropped` counts it. */
  readonly queueMessagesMax?: number
  /** QoS 1 messages on their way. */
  readonly inFlightMax?: number
  /** Pace of what was made while offline, messages/s: a backlog must not look like a flood. */
  readonly backlogPerSecondMax?: number
  readonly backoffMs?: { readonly first: number; readonly max: number }
  /** Without: it does not subscribe. */
  readonly onCommand?: (payload: Buffer) => void
  readonly onAcknowledged?: (message: UplinkMessage) => void
  /** Each time, before it tries again. */
  readonly onConnectFailed?: (failure: ConnectFailure) => void
}

export interface UplinkMessage {
  readonly leaf: UplinkLeaf
  readonly payload: Buffer
}

interface Waiting extends UplinkMessage {
  /** Made while offline: goes at the backlog's pace. */
  readonly late: boolean
  /** Sent before and not acknowledged: goes again with DUP. */
  sent: boolean
}

export interface UplinkStats {
  readonly connected: boolean
  readonly connects: number
  readonly connectFailures: number
  /** First sendings and sendings again. */
  readonly published: number
  readonly redelivered: number
  readonly acknowledged: number
  readonly dropped: number
  readonly queued: number
  readonly inFlight: number
}

/** Store-and-forward over MQTT QoS 1: a bounded queue, a window, reconnects with jittered exponential backoff, DUP for what was not acknowledged. */
export interface Uplink {
  start(): void
  /** `late`: it was made before now, as a backlog. Answers false when an older message had to go for it. */
  send(leaf: UplinkLeaf, payload: Buffer, late?: boolean): boolean
  /** The live connection, for what is not a device's normal speech; null while offline. */
  connection(): Connection | null
  /** The live connection, or the next one; null when it is stopped first. */
  connected(): Promise<Connection | null>
  /** Cuts the socket and stays away until `start`. */
  sever(): void
  /** Resolves when everything sent so far and since is acknowledged, or when it is stopped. */
  drained(): Promise<void>
  /** Resolves when fewer than `messages` wait, or when it is stopped. */
  roomBelow(messages: number): Promise<void>
  stats(): UplinkStats
  /** DISCONNECT after at most `drainMs` for what is on its way. Idempotent. */
  stop(drainMs?: number): Promise<void>
}

export const createUplink = (options: UplinkOptions): Uplink => {
  const { device, site, scheduler, random, logger } = options
  const { queueMessagesMax = 5_000, inFlightMax = 16, backlogPerSecondMax = 40, backoffMs = { first: 1_000, max: 30_000 } } = options
  const clientId = device
  const will = { topic: uplinkTopic(site, device, 'status'), payload: Buffer.from('{"state":"offline"}') }
  const topics = { telemetry: uplinkTopic(site, device, 'telemetry'), event: uplinkTopic(site, device, 'event'), status: will.topic }
  let queue: Waiting[] = []
  let inFlight: Waiting[] = []
  let connection: Connection | null = null
  let wanted = false
  let stopped = false
  let connecting = false
  let failures = 0
  let cancelRetry: (() => void) | null = null
  let cancelPace: (() => void) | null = null
  let paceAtMs = 0
  let connectWaiters: ((connection: Connection | null) => void)[] = []
  let waiters: { readonly below: number; readonly resolve: () => void }[] = []
  const counts = { connects: 0, connectFailures: 0, published: 0, redelivered: 0, acknowledged: 0, dropped: 0 }

  const tellWaiters = (): void => {
    if (waiters.length === 0) return
    const waiting = queue.length + inFlight.length
    const ready = waiters.filter(({ below }) => stopped || waiting < below)
    if (ready.length === 0) return
    waiters = waiters.filter((waiter) => !ready.includes(waiter))
    for (const { resolve } of ready) resolve()
  }

  const waitBelow = (below: number): Promise<void> =>
    new Promise((resolve) => {
      waiters.push({ below, resolve })
      tellWaiters()
    })

  const transmit = (via: Connection, message: Waiting): void => {
    inFlight.push(message)
    const dup = message.sent
    message.sent = true
    counts[dup ? 'redelivered' : 'published']++
    via.publish(topics[message.leaf], message.payload, dup, (acknowledged) => {
      // After a close the message has gone back to the queue already.
      if (!acknowledged || connection !== via) return
      const at = inFlight.indexOf(message)
      if (at < 0) return
      inFlight.splice(at, 1)
      counts.acknowledged++
      failures = 0
      options.onAcknowledged?.(message)
      pump()
      tellWaiters()
    })
  }

  const pump = (): void => {
    const via = connection
    if (via === null) return
    let taken = 0
    while (taken < queue.length && inFlight.length < inFlightMax) {
      const head = queue[taken]!
      if (head.late && !head.sent && Number.isFinite(backlogPerSecondMax)) {
        const nowMs = scheduler.now()
        if (nowMs < paceAtMs) {
          cancelPace ??= scheduler.after(paceAtMs - nowMs, () => {
            cancelPace = null
            pump()
          })
          break
        }
        // Not the time lost is made up for, only the pace is kept.
        paceAtMs = Math.max(paceAtMs + 1_000 / backlogPerSecondMax, nowMs)
      }
      taken++
      transmit(via, head)
    }
    if (taken > 0) queue = queue.slice(taken)
  }

  const closed = (): void => {
    connection = null
    cancelPace?.()
    cancelPace = null
    queue = [...inFlight, ...queue]
    inFlight = []
    if (wanted) retry()
  }

  const retry = (): void => {
    if (stopped || !wanted || cancelRetry !== null) return
    const ceilingMs = Math.min(backoffMs.max, backoffMs.first * 2 ** Math.min(failures, 20))
    failures++
    cancelRetry = scheduler.after(ceilingMs * random.between(0.5, 1), () => {
      cancelRetry = null
      void attempt()
    })
  }

  const attempt = async (): Promise<void> => {
    if (stopped || !wanted || connecting || connection !== null) return
    connecting = true
    const { onCommand } = options
    const outcome = await openConnection({
      ...options.connect,
      clientId,
      will,
      onClosed: closed,
      ...(onCommand === undefined ? {} : { onMessage: (_topic: string, payload: Buffer) => onCommand(payload) }),
    })
    connecting = false
    if (!outcome.ok) {
      counts.connectFailures++
      logger.debug({ device, returnCode: outcome.returnCode, detail: outcome.detail }, 'connect failed')
      options.onConnectFailed?.(outcome)
      return retry()
    }
    if (stopped || !wanted) return outcome.connection.destroy()
    counts.connects++
    connection = outcome.connection
    if (onCommand !== undefined) void connection.subscribe(commandTopic(site, device))
    pump()
    tellConnected()
  }

  const tellConnected = (): void => {
    const told = connectWaiters
    connectWaiters = []
    for (const tell of told) tell(connection)
  }

  return {
    start() {
      wanted = true
      void attempt()
    },
    send(leaf, payload, late = connection === null) {
      let fits = true
      if (queue.length >= queueMessagesMax) {
        queue.shift()
        counts.dropped++
        fits = false
      }
      queue.push({ leaf, payload, late, sent: false })
      pump()
      return fits
    },
    connection: () => connection,
    connected: () =>
      new Promise((resolve) => {
        if (connection !== null || stopped) resolve(connection)
        else connectWaiters.push(resolve)
      }),
    sever() {
      wanted = false
      cancelRetry?.()
      cancelRetry = null
      connection?.destroy()
    },
    drained: () => waitBelow(1),
    roomBelow: waitBelow,
    stats: () => ({ ...counts, connected: connection !== null, queued: queue.length, inFlight: inFlight.length }),
    async stop(drainMs = 0) {
      if (stopped) return
      if (drainMs > 0 && connection !== null) {
        const abort = new AbortController()
        await Promise.race([waitBelow(1), scheduler.sleep(drainMs, abort.signal)])
        abort.abort()
      }
      stopped = true
      wanted = false
      cancelRetry?.()
      cancelPace?.()
      await connection?.end()
      tellWaiters()
      tellConnected()
    },
  }
}

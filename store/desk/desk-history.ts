import type { Clock } from '../../contracts/clock.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { Store } from '../open.ts'
import { createAliveMinutes } from './alive-minutes.ts'
import { connectionsOf } from './connections.ts'
import { createDeskConnection, type DeskLimits, deskLimitsDefault } from './desk-connection.ts'
import { deviceFacts } from './device-facts.ts'
import { deviceVitals } from './device-vitals.ts'
import { createFollowHeard } from './follow-heard.ts'
import { createHeardDevices } from './heard-devices.ts'
import { createHeardMinutes } from './heard-minutes.ts'
import { createReceivedHistory } from './received-history.ts'
import { createRolledUp } from './rolled-up.ts'
import { createSessionHistory } from './session-history.ts'
import { signalsOf } from './signals/signals.ts'
import { createSiteHistory } from './site-history.ts'
import { createSparks } from './sparks.ts'
import { timelineOf } from './timeline.ts'
import { createVitalHistory } from './vital-history.ts'

/** The first look reads at most a day of readings, in the background. */
const loadLimits: DeskLimits = { ...deskLimitsDefault, timeoutMs: 60_000, connections: 1 }

/**
 * The desk's questions to ClickHouse. It has connections of its own, read-only, with one thread and a time limit each: people who look do not
 * stand in the way of landing. `ready` resolves when what was heard before the start is known; until then `lastHeard` knows less.
 */
export const createDeskHistory = (parts: {
  readonly store: Pick<Store, 'openAnalyst' | 'query' | 'database'>
  readonly clock: Clock
  readonly logger: Logger
  /** How far the tables are behind the log, ms; null when they are not. */
  readonly behindMs: () => number | null
  readonly limits?: Partial<DeskLimits>
  /** How often what has landed is looked at, and how often it is written down, ms. */
  readonly lookMs?: number
  readonly saveMs?: number
}): DeskHistory & { readonly ready: Promise<void> } => {
  const { store, clock, logger, behindMs, lookMs = 5_000, saveMs = 60_000 } = parts
  const asked = createDeskConnection(store, { ...deskLimitsDefault, ...parts.limits })
  const following = createDeskConnection(store, loadLimits)
  const alive = createAliveMinutes()
  const devices = createHeardDevices()
  const follow = createFollowHeard({ store, connection: following, devices, minutes: createHeardMinutes(), alive, clock, logger })
  const rolledUp = createRolledUp(asked)
  const sparks = createSparks(asked, rolledUp, alive)
  const sources = {
    vitals: createVitalHistory(asked, rolledUp),
    received: createReceivedHistory(asked, alive),
    sessions: createSessionHistory(asked, alive),
    sites: createSiteHistory(asked),
    alive,
  }

  let timer: ReturnType<typeof setTimeout> | null = null
  let isClosed = false
  let savedAt = clock.now()
  const tolerate = (error: unknown, what: string): void =>
    logger.warn({ error: error instanceof Error ? error.message : String(error) }, what)

  let isLoaded = false
  const lookAgain = async (): Promise<void> => {
    try {
      // Until the tables have told what was heard before, a look would read all of them.
      if (!isLoaded) await follow.load()
      isLoaded = true
      await follow.look()
      if (clock.now() - savedAt < saveMs) return
      savedAt = clock.now()
      await follow.save()
    } catch (error) {
      if (!isClosed) tolerate(error, 'what was heard could not be read; next time')
    }
  }
  let looking: Promise<void> = Promise.resolve()
  const schedule = (): void => {
    if (isClosed) return
    timer = setTimeout(() => {
      looking = lookAgain().finally(schedule)
    }, lookMs)
    timer.unref()
  }
  const ready = follow
    .load()
    .then(
      () => {
        isLoaded = true
      },
      (error: unknown) => {
        if (!isClosed) tolerate(error, 'what was heard before the start could not be read; it will be tried again')
      },
    )
    .finally(schedule)

  return {
    ready,
    signals: (alert, range) => signalsOf(alert, range, clock.now(), sources),
    sparks: (alerts) => sparks(alerts, clock.now()),
    deviceVitals: (device, from, to, names) => deviceVitals(device, { from, to }, names, clock.now(), sources.vitals),
    deviceFacts: (device) => deviceFacts(device, clock.now(), asked),
    connections: (device, before, limit) => connectionsOf(device, before, limit, asked),
    timeline: (alert, below, limit) => timelineOf(alert, below, limit, asked, logger),
    lastHeard: (device) => devices.get(device),
    reportedFirmware: (device) => devices.firmwareOf(device),
    reporting: (sinceMs) => devices.since(sinceMs),
    behindMs,
    async close() {
      if (isClosed) return
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      await following.close()
      await ready
      await looking
      try {
        if (isLoaded) await follow.save()
      } catch (error) {
        tolerate(error, 'what was heard could not be written; the next start reads more')
      }
      await asked.close()
    },
  }
}

import type { EdgeLimits } from './limits.ts'
import { createRecentMap } from './recent-map.ts'
import type { DeviceState, Session } from './session.ts'
import { fullBucket } from './token-bucket.ts'

/** Who is connected, and what is remembered of a device between its connections (so that reconnecting does not refill its rate). */
export interface Roster {
  /** The device's state, made when it is not known. */
  device(id: string): DeviceState
  /** The session of a device that is signed in here; undefined when there is none. */
  session(id: string): Session | undefined
}

export const createRoster = (limits: EdgeLimits, now: () => number): Roster => {
  const devices = createRecentMap<DeviceState>(
    limits.devicesRememberedMax,
    (device) => ({
      device,
      session: null,
      packets: fullBucket(limits.publishesBurstPerDeviceMax, now()),
      bytes: fullBucket(limits.bytesBurstPerDeviceMax, now()),
      qos2: null,
      commandsQueued: 0,
      commandTail: Promise.resolve(),
      brokerClosed: Promise.resolve(),
    }),
    (state) => state.session === null && state.commandsQueued === 0,
  )
  return {
    device: (id) => devices.get(id),
    session: (id) => devices.peek(id)?.session ?? undefined,
  }
}

import type { EdgeLimits } from './limits.ts'
import { blockedBy, type DeviceState, type Session } from './session.ts'
import { refill } from './token-bucket.ts'

/**
 * Back-pressure: a session that may bring no more for now is blocked for one or more reasons, and its socket is paused until
 * none is left. Nothing is dropped: TCP tells the device.
 */
export interface Flow {
  block(session: Session, reason: number): void
  unblock(session: Session, reason: number): void
  /** Takes one packet of `bytes` off the device's rate; false when the rate is used up (the packet is still let through). */
  spend(device: DeviceState, bytes: number): boolean
  refillDevice(device: DeviceState, nowMs: number): void
  /** Blocks for as long as the rate is used up. */
  throttle(session: Session): void
  /** Blocks until the edge has less in flight. */
  holdForEdge(session: Session): void
  /** The edge has less in flight: lets everyone who waits for that go on. */
  releaseEdge(): void
  forget(session: Session): void
  stop(): void
}

const recheckMs = 50

/** `proceed` cuts what a session holds back; called when it is not blocked any more. */
export const createFlow = (limits: EdgeLimits, now: () => number, proceed: (session: Session) => void): Flow => {
  const throttled = new Set<Session>()
  const heldForEdge = new Set<Session>()
  let timer: ReturnType<typeof setInterval> | null = null

  const refillDevice = (device: DeviceState, nowMs: number): void => {
    refill(device.packets, limits.publishesPerSecondPerDeviceMax, limits.publishesBurstPerDeviceMax, nowMs)
    refill(device.bytes, limits.bytesPerSecondPerDeviceMax, limits.bytesBurstPerDeviceMax, nowMs)
  }
  const block = (session: Session, reason: number): void => {
    if (session.blocked === 0) session.socket.pause()
    session.blocked |= reason
  }
  const unblock = (session: Session, reason: number): void => {
    if ((session.blocked & reason) === 0) return
    session.blocked &= ~reason
    if (session.blocked !== 0 || session.phase === 'closed' || session.phase === 'closing') return
    session.lastHeardAt = now()
    if (session.held.length > 0) proceed(session)
    // What was held may have blocked it again.
    if (session.blocked === 0) session.socket.resume()
  }
  const recheck = (): void => {
    const nowMs = now()
    for (const session of throttled) {
      refillDevice(session.device!, nowMs)
      if (session.device!.packets.tokens < 1 || session.device!.bytes.tokens < 1) continue
      throttled.delete(session)
      unblock(session, blockedBy.rate)
    }
    if (throttled.size === 0 && timer !== null) {
      clearInterval(timer)
      timer = null
    }
  }

  return {
    block,
    unblock,
    refillDevice,
    spend(device, bytes) {
      const left = --device.packets.tokens
      device.bytes.tokens -= bytes
      return left >= 1 && device.bytes.tokens >= 0
    },
    throttle(session) {
      throttled.add(session)
      block(session, blockedBy.rate)
      timer ??= setInterval(recheck, recheckMs)
    },
    holdForEdge(session) {
      heldForEdge.add(session)
      block(session, blockedBy.edge)
    },
    releaseEdge() {
      // A copy: who goes on may have to wait again at once.
      const waiting = [...heldForEdge]
      heldForEdge.clear()
      for (const session of waiting) unblock(session, blockedBy.edge)
    },
    forget(session) {
      throttled.delete(session)
      heldForEdge.delete(session)
    },
    stop() {
      if (timer !== null) clearInterval(timer)
      timer = null
    },
  }
}

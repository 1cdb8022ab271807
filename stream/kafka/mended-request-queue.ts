import { createRequire } from 'node:module'

/** Of kafkajs's `RequestQueue`, what is mended. */
export interface RequestQueue {
  /** In the order in which they were sent, which is the order in which a broker answers. */
  readonly inflight: ReadonlyMap<number, { readonly sentAt: number | null; readonly requestTimeout: number; timeoutRequest(): void }>
  readonly pending: readonly unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null
  requestTimeoutIntervalId: ReturnType<typeof setInterval> | undefined
  /** Called when the broker has not answered in time what it has to answer next. */
  onStuck?: () => void
  push(request: unknown): void
  destroy(): void
  waitForPendingRequests(): Promise<void>
  scheduleRequestTimeoutCheck(): void
  scheduleCheckPendingRequests(): void
}

const checkMs = 100
const { prototype: queue } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue }

// Without anything pending and without a throttle there is nothing to check: an answer checks, too.
// oxlint-disable-next-line typescript/unbound-method
const schedule = queue.scheduleCheckPendingRequests
queue.scheduleCheckPendingRequests = function scheduleWhenNeeded(this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
}

// Each request has an end. kafkajs's own watch stops with the connection, and what was sent while that ended was waited for without end.
queue.scheduleRequestTimeoutCheck = function watch(this: RequestQueue): void {
  if (this.requestTimeoutIntervalId !== undefined) return
  this.requestTimeoutIntervalId = setInterval(() => {
    let isNext = true
    let stuck = false
    for (const request of this.inflight.values()) {
      if (request.sentAt !== null && Date.now() - request.sentAt > request.requestTimeout) {
        // What waits behind one that may take longer (a member that joins) is late without being lost.
        stuck ||= isNext
        request.timeoutRequest()
      }
      isNext = false
    }
    if (stuck) this.onStuck?.()
    if (this.inflight.size > 0 || this.pending.length > 0) return
    clearInterval(this.requestTimeoutIntervalId)
    this.requestTimeoutIntervalId = undefined
  }, checkMs)
}
// oxlint-disable-next-line typescript/unbound-method
const push = queue.push
queue.push = function pushWatched(this: RequestQueue, request: unknown): void {
  push.call(this, request)
  this.scheduleRequestTimeoutCheck()
}
queue.destroy = function stopChecks(this: RequestQueue): void {
  clearTimeout(this.throttleCheckTimeoutId ?? undefined)
  this.throttleCheckTimeoutId = null
}

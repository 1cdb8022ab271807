import type { ServerResponse } from 'node:http'
import type { Alert } from '../../contracts/alert.ts'
import type { AlertView } from '../../contracts/api/alerts.ts'
import { heartbeatEveryMs } from '../../contracts/api/events.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { Principal } from '../accounts/principal.ts'
import { frame, summaryFrames } from './event-frames.ts'
import type { ApiLimits } from './limits.ts'
import type { ApiParts } from './parts.ts'
import type { Summary } from './summary.ts'
import { timelineEntry } from './timeline-entry.ts'

/** How long an event waits for others that go in the same write, ms: one write a listener, however many events. */
const gatherMs = { urgent: 15, repeats: 200 }
const tickMs = 1_000
/** Frames that are kept for those who come back after a moment: 200 consoles at once when the hub was restarted. */
const framesKeptMax = 1_000

interface Listener {
  readonly response: ServerResponse
  readonly who: Principal
  readonly key: string
}

export interface EventStream {
  /** Whether one more may listen. */
  room(who: Principal): boolean
  /** Takes over a response whose head is not yet written. @param lastEventId what the client has seen; null: it begins */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>, who: Principal, lastEventId: number | null): void
  stats(): { readonly streams: number; readonly streamsDropped: number; readonly eventsSent: number }
  close(): void
}

/** By account: many tokens of one must not take everybody's places. */
const keyOf = (who: Principal): string => who.account

/** One stream of what changes for all that listen: each event is serialised once, and a tick each second brings everything that is not an event. */
export const createEventStream = (
  { desk, accounts, pipeline, clock, logger }: Pick<ApiParts, 'desk' | 'accounts' | 'pipeline' | 'clock' | 'logger'>,
  limits: ApiLimits,
  viewOf: (alert: Alert) => AlertView,
  summary: Summary,
): EventStream => {
  const listeners = new Set<Listener>()
  const streamsBy = new Map<string, number>()
  const kept = new Map<number, Buffer>()
  let streamsDropped = 0
  let eventsSent = 0

  const frameOf = (event: CaseEvent, alert: Alert): Buffer => {
    const known = kept.get(event.sequence)
    if (known !== undefined) return known
    return frame('alert', { alert: viewOf(alert), event: timelineEntry(event) }, event.sequence)
  }

  const send = (listener: Listener, bytes: Buffer): void => {
    const { response } = listener
    if (response.writableLength > limits.streamBufferBytesMax) {
      streamsDropped++
      logger.info({ account: listener.who.account }, 'a listener reads too slowly and is dropped; it comes back and is told what it missed')
      leave(listener)
      response.destroy()
      return
    }
    response.write(bytes)
  }
  const sendAll = (bytes: Buffer): void => {
    for (const listener of listeners) send(listener, bytes)
  }
  const leave = (listener: Listener): void => {
    if (!listeners.delete(listener)) return
    const left = (streamsBy.get(listener.key) ?? 1) - 1
    if (left === 0) streamsBy.delete(listener.key)
    else streamsBy.set(listener.key, left)
  }

  // Findings that fold into the same alert come in storms: in one write only the newest of an alert counts.
  const waiting = new Map<string, { readonly event: CaseEvent; readonly alert: Alert }>()
  let flushTimer: NodeJS.Timeout | undefined
  let flushAtMs = Infinity
  let mineMoved = true
  const flush = (): void => {
    clearTimeout(flushTimer)
    flushTimer = undefined
    flushAtMs = Infinity
    if (waiting.size === 0) return
    const frames: Buffer[] = []
    for (const { event, alert } of waiting.values()) {
      const bytes = frameOf(event, alert)
      kept.set(event.sequence, bytes)
      frames.push(bytes)
    }
    while (kept.size > framesKeptMax) kept.delete(kept.keys().next().value!)
    waiting.clear()
    eventsSent += frames.length
    sendAll(Buffer.concat(frames))
  }
  const stopListening = desk.onEvent((event, alert) => {
    if (alert === null) return
    const repeat = (event.type === 'finding.folded' || event.type === 'alert.raised') && !event.opened
    if (!repeat) mineMoved = true
    const key = repeat ? alert.id : `${alert.id} ${event.sequence}`
    waiting.delete(key)
    waiting.set(key, { event, alert })
    // With nobody there it is only remembered: one write each tick is enough.
    const inMs = repeat || listeners.size === 0 ? gatherMs.repeats : gatherMs.urgent
    const atMs = performance.now() + inMs
    if (atMs >= flushAtMs) return
    clearTimeout(flushTimer)
    flushAtMs = atMs
    flushTimer = setTimeout(flush, inMs)
  })

  let mine = new Map<string, number>()
  const mineOf = (account: string): number => {
    const known = mine.get(account)
    if (known !== undefined) return known
    const counted = desk.counts(account, clock.now()).tabs.mine
    mine.set(account, counted)
    return counted
  }
  let lastSummary = ''
  let lastHeartbeatMs = -Infinity
  const tick = (): void => {
    for (const listener of listeners) {
      if (accounts.still(listener.who)) continue
      leave(listener)
      listener.response.end()
    }
    if (listeners.size === 0) return
    sendAll(frame('pipeline', pipeline().signs))
    const current = summary.of(null)
    const text = JSON.stringify(current)
    if (text !== lastSummary || mineMoved) {
      if (mineMoved) mine = new Map()
      mineMoved = false
      lastSummary = text
      const frameWith = summaryFrames(current)
      for (const listener of listeners) send(listener, frameWith(mineOf(listener.who.account)))
    }
    const nowMs = clock.now()
    if (nowMs - lastHeartbeatMs >= heartbeatEveryMs - tickMs / 2 || nowMs < lastHeartbeatMs) {
      lastHeartbeatMs = nowMs
      sendAll(frame('heartbeat', { nowMs, sequence: desk.sequence }))
    }
  }
  const guarded = (): void => {
    try {
      tick()
    } catch (error) {
      logger.error({ err: error }, 'a tick of the event stream failed')
    }
  }
  const ticking = setInterval(guarded, tickMs)

  /** What a client missed, or that it has to fetch everything. */
  const replay = (lastEventId: number): Buffer => {
    const reset = (): Buffer => frame('reset', { sequence: desk.sequence }, desk.sequence)
    if (lastEventId > desk.sequence) return reset()
    const missed = desk.eventsSince(lastEventId)
    if (missed === null || missed.length > limits.replayEventsMax) return reset()
    return Buffer.concat(
      missed.flatMap((event) => {
        const alert = 'alert' in event ? desk.alert(event.alert) : undefined
        return alert === undefined ? [] : [frameOf(event, alert)]
      }),
    )
  }

  return {
    room: (who) => listeners.size < limits.streamsMax && (streamsBy.get(keyOf(who)) ?? 0) < limits.streamsPerSessionMax,
    open(response, headers, who, lastEventId) {
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      const listener: Listener = { response, who, key: keyOf(who) }
      // What waits was not yet sent to anybody; it is behind `desk.sequence`, so the newcomer gets it with the replay or has it from its list.
      flush()
      listeners.add(listener)
      streamsBy.set(listener.key, (streamsBy.get(listener.key) ?? 0) + 1)
      response.on('close', () => leave(listener))
      response.on('error', () => leave(listener))
      response.write('retry: 1000\n\n')
      if (lastEventId !== null) response.write(replay(lastEventId))
      response.write(frame('heartbeat', { nowMs: clock.now(), sequence: desk.sequence }))
      response.write(frame('pipeline', pipeline().signs))
      response.write(frame('summary', summary.of(who.account)))
    },
    stats: () => ({ streams: listeners.size, streamsDropped, eventsSent }),
    close() {
      stopListening()
      clearInterval(ticking)
      clearTimeout(flushTimer)
      for (const { response } of listeners) response.end()
      listeners.clear()
    },
  }
}

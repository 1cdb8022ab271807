import type { StreamEvents } from '../../../../contracts/api/events.ts'
import type { VitalSigns } from '../../../../contracts/api/pipeline.ts'
import { cleanAnswer } from '../api/clean-text.ts'
import { createStore, type Store } from '../state/store.ts'

/** contracts/api/events.ts says the same (a test compares): the value itself would bring zod into the bundle. */
export const staleAfterMs = 15_000
/** A stream that is silent for this long is taken as dead and opened anew. */
const silentMs = 30_000
const reopenAfterMs = 2_000
/** Alert events are handed on in batches, so that a burst is one rendering. */
const batchMs = 24
const rememberedMax = 2_000

export type AlertEvent = StreamEvents['alert']
export interface LiveState {
  readonly status: 'connecting' | 'live' | 'reconnecting' | 'stale'
  /** The platform's time of the last event of any kind, ms; null before the first. */
  readonly lastEventAt: number | null
  readonly signs: VitalSigns | null
}

export interface Stream {
  readonly state: Store<LiveState>
  start(): void
  /** Gives the connection back for a while; `start` takes one again, and everything is fetched anew. */
  rest(): void
  stop(): void
  /** Call once a second: tells silence. */
  tick(): void
  /** Alert events above a sequence, oldest first: what a list that was read before them lacks. */
  since(sequence: number): readonly AlertEvent[]
}

interface StreamOptions {
  readonly open: () => EventSource
  readonly now: () => number
  readonly onTime: (serverNowMs: number) => void
  readonly onAlerts: (events: readonly AlertEvent[]) => void
  readonly onSummary: (summary: StreamEvents['summary']) => void
  /** What was missed is no longer held, or the stream was opened anew: fetch everything. */
  readonly onReset: () => void
  /** The server refused the stream: perhaps the session has ended. */
  readonly onRefused: () => void
}

/** The console's one stream. EventSource itself comes back with `Last-Event-ID`; only after a refusal or a long silence it is made anew. */
export const createStream = (options: StreamOptions): Stream => {
  const state = createStore<LiveState>({ status: 'connecting', lastEventAt: null, signs: null })
  let source: EventSource | null = null
  let reopening: ReturnType<typeof setTimeout> | null = null
  let batch: AlertEvent[] = []
  let batching: ReturnType<typeof setTimeout> | null = null
  let remembered: AlertEvent[] = []
  let openedAt = 0
  let opened = false

  const heard = (signs?: VitalSigns) => {
    state.set((now) => ({ status: 'live', lastEventAt: options.now(), signs: signs ?? now.signs }))
  }
  const hand = () => {
    batching = null
    const events = batch
    batch = []
    options.onAlerts(events)
  }
  const handlers: { readonly [Name in keyof StreamEvents]: (data: StreamEvents[Name]) => void } = {
    alert: (event) => {
      remembered.push(event)
      if (remembered.length > rememberedMax) remembered = remembered.slice(-rememberedMax / 2)
      batch.push(event)
      batching ??= setTimeout(hand, batchMs)
      heard()
    },
    reset: () => {
      heard()
      options.onReset()
    },
    heartbeat: ({ nowMs }) => {
      options.onTime(nowMs)
      heard()
    },
    pipeline: (signs) => {
      options.onTime(signs.nowMs)
      heard(signs)
    },
    summary: (summary) => {
      heard()
      options.onSummary(summary)
    },
  }

  const close = () => {
    if (reopening !== null) clearTimeout(reopening)
    reopening = null
    source?.close()
    source = null
  }
  const open = () => {
    close()
    openedAt = options.now()
    const mine = options.open()
    source = mine
    mine.addEventListener('open', () => {
      // Made anew, it knows no Last-Event-ID.
      if (opened) options.onReset()
      opened = true
    })
    mine.addEventListener('error', () => {
      if (mine !== source) return
      state.set((now) => (now.status === 'stale' ? now : { ...now, status: 'reconnecting' }))
      if (mine.readyState !== EventSource.CLOSED) {
        // It comes back by itself, with Last-Event-ID; that is no new beginning.
        opened = false
        return
      }
      options.onRefused()
      reopening = setTimeout(open, reopenAfterMs)
    })
    for (const name of Object.keys(handlers) as (keyof StreamEvents)[])
      mine.addEventListener(name, (message: MessageEvent<string>) => {
        const handle = handlers[name] as (data: unknown) => void
        handle(cleanAnswer(JSON.parse(message.data)))
      })
  }

  return {
    state,
    start: () => {
      if (source === null && reopening === null) open()
    },
    rest: () => {
      if (source === null && reopening === null) return
      close()
      opened = true
      state.set((now) => ({ ...now, status: 'reconnecting' }))
    },
    stop: () => {
      close()
      opened = false
      remembered = []
      state.set({ status: 'connecting', lastEventAt: null, signs: null })
    },
    tick: () => {
      const { lastEventAt, status } = state.get()
      if (source === null || lastEventAt === null) return
      const silence = options.now() - lastEventAt
      if (silence > staleAfterMs && status !== 'stale') state.set((now) => ({ ...now, status: 'stale' }))
      if (silence > silentMs && options.now() - openedAt > silentMs) open()
    },
    since: (sequence) => remembered.filter((event) => event.event.sequence > sequence),
  }
}

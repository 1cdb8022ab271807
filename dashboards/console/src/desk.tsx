import { QueryClient } from '@tanstack/react-query'
import { createContext, use } from 'react'
import type { Answer } from '../../../contracts/api/routes.ts'
import { createAlertCache, type AlertCache } from './alerts/alert-cache.ts'
import { problemOf } from './api/api-error.ts'
import { apiBase, createClient, type Client } from './api/client.ts'
import { createKeyboard, type Keyboard } from './keys/keyboard.ts'
import { createDeskClock, type DeskClock } from './live/clock.ts'
import { createStream, type AlertEvent, type Stream } from './live/stream.ts'
import { createPreferences, type Preferences } from './state/preferences.ts'
import type { Store } from './state/store.ts'
import { createToasts, type Toasts } from './state/toasts.ts'
import { createPeople, type People } from './state/people.ts'
import { toldBy } from './alerts/told.ts'

/** What lives outside React, made once. */
export interface Desk {
  readonly client: Client
  readonly queryClient: QueryClient
  readonly clock: DeskClock
  readonly stream: Stream
  readonly alerts: AlertCache
  readonly toasts: Toasts
  readonly preferences: Store<Preferences>
  readonly keyboard: Keyboard
  readonly people: People
}

const retriesMax = 2

export const createDesk = (window: Window & typeof globalThis): Desk => {
  const now = () => Date.now()
  const clock = createDeskClock(now)
  const queryClient = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 120_000,
        refetchOnWindowFocus: false,
        // What the server refuses, it refuses again; only an outage is tried anew.
        retry: (failures, error) => failures < retriesMax && [0, 502, 503, 504].includes(problemOf(error).status),
        // The platform's own address: the browser's guess about the internet says nothing about it.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
  const client = createClient({
    fetch: window.fetch.bind(window),
    onSignedOut: () => {
      if (queryClient.getQueryData(['session']) !== null) queryClient.setQueryData(['session'], null)
    },
  })
  const alerts = createAlertCache(queryClient, clock.nowMs)
  const people = createPeople()
  const preferences = createPreferences(window)

  const onAlerts = (events: readonly AlertEvent[]) => {
    alerts.apply(events.map(({ alert, event }) => ({ alert, told: toldBy(event, alerts.me, people) })))
    for (const { alert, event } of events) alerts.addToTimeline(alert.id, event)
  }
  const stream = createStream({
    open: () => new window.EventSource(`${apiBase}/events`),
    now: clock.nowMs,
    onTime: clock.told,
    onAlerts,
    onSummary: (summary) => queryClient.setQueryData<Answer<'alertSummary'>>(['summary'], summary),
    onReset: () => void queryClient.invalidateQueries(),
    onRefused: () => void queryClient.invalidateQueries({ queryKey: ['session'] }),
  })
  const toasts = createToasts(now)
  window.setInterval(() => {
    clock.seconds.set(Math.floor(clock.nowMs() / 1_000))
    stream.tick()
    toasts.tick()
  }, 1_000)
  return { client, queryClient, clock, stream, alerts, toasts, preferences, keyboard: createKeyboard(window, preferences), people }
}

const DeskContext = createContext<Desk | null>(null)
export const DeskProvider = DeskContext

export const useDesk = (): Desk => {
  const desk = use(DeskContext)
  if (desk === null) throw new Error('useDesk outside of DeskProvider')
  return desk
}

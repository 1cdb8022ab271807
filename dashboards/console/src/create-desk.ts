import { QueryClient } from '@tanstack/react-query'
import type { Answer } from '../../../contracts/api/routes.ts'
import { createAlertCache } from './alerts/alert-cache.ts'
import { toldBy } from './alerts/told.ts'
import { problemOf } from './api/api-error.ts'
import { apiBase, createClient } from './api/client.ts'
import type { Desk } from './desk.ts'
import { createKeyboard } from './keys/keyboard.ts'
import { createDeskClock } from './live/clock.ts'
import { createStream, type AlertEvent } from './live/stream.ts'
import { createPeople } from './state/people.ts'
import { createPreferences } from './state/preferences.ts'
import { createToasts } from './state/toasts.ts'

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
  const alerts = createAlertCache(queryClient)
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

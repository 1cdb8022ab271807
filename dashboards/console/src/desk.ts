import type { QueryClient } from '@tanstack/react-query'
import { createContext, use } from 'react'
import type { AlertCache } from './alerts/alert-cache.ts'
import type { Client } from './api/client.ts'
import type { Keyboard } from './keys/keyboard.ts'
import type { DeskClock } from './live/clock.ts'
import type { Stream } from './live/stream.ts'
import type { People } from './state/people.ts'
import type { Preferences } from './state/preferences.ts'
import type { Store } from './state/store.ts'
import type { Toasts } from './state/toasts.ts'

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

const DeskContext = createContext<Desk | null>(null)
export const DeskProvider = DeskContext

export const useDesk = (): Desk => {
  const desk = use(DeskContext)
  if (desk === null) throw new Error('useDesk outside of DeskProvider')
  return desk
}

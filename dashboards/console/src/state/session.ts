import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, use, useEffect } from 'react'
import type { Me } from '../../../../contracts/api/access.ts'
import { problemOf } from '../api/api-error.ts'
import { useDesk } from '../desk.ts'
import { whileSeen } from '../live/while-seen.ts'

/** Who asks; null: nobody has signed in. @param ask false on the sign-in page, where the answer would only be a 401 */
export const useSession = (ask: boolean) => {
  const desk = useDesk()
  const session = useQuery({
    queryKey: ['session'],
    enabled: ask,
    staleTime: 300_000,
    queryFn: async (): Promise<Me | null> => {
      try {
        return await desk.client.call('session')
      } catch (error) {
        if (problemOf(error).status === 401) return null
        throw error
      }
    },
  })
  const me = session.data
  if (me !== undefined) {
    desk.client.setCsrfToken(me?.csrfToken ?? null)
    desk.alerts.me = me?.account ?? ''
  }
  const signedIn = me !== undefined && me !== null
  useEffect(() => {
    if (!signedIn) return
    return whileSeen(desk.stream, document, window)
  }, [desk, signedIn])
  useEffect(() => {
    if (me) desk.clock.told(me.nowMs)
  }, [desk, me])
  return session
}

const MeContext = createContext<Me | null>(null)
export const MeProvider = MeContext

export const useMe = (): Me => {
  const me = use(MeContext)
  if (me === null) throw new Error('useMe before signing in')
  return me
}

/** Takes the session up that a sign-in answered, or drops the one that has ended; what was cached for another person goes. */
export const useSetSession = (): ((me: Me | null) => void) => {
  const client = useQueryClient()
  return (me) => {
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
    client.setQueryData(['session'], me)
  }
}

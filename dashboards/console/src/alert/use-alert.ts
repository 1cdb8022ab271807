import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useDesk } from '../desk.ts'

const settleMs = 120

/** The id once the cursor rests on it: flying over rows with J asks nothing of the server. */
export const useRested = (id: string): string => {
  const [rested, setRested] = useState(id)
  useEffect(() => {
    if (rested === id) return
    const timer = setTimeout(() => setRested(id), settleMs)
    return () => clearTimeout(timer)
  }, [id, rested])
  return rested
}

/** The stream brings the alert itself; this is for its device: when it was heard last, its other alerts. */
const detailRefetchMs = 15_000

export const useAlert = (id: string) => {
  const { client } = useDesk()
  return useQuery({
    queryKey: ['alert', id],
    refetchInterval: detailRefetchMs,
    queryFn: ({ signal }) => client.call('alert', { params: { id }, signal }),
  })
}

export interface TimeRange {
  readonly from: number
  readonly to: number
}

const refetchMs = 10_000

/** @param range null: the range that the platform picks. Live while the alert is open. */
export const useSignals = (id: string, range: TimeRange | null, live: boolean) => {
  const { client } = useDesk()
  return useQuery({
    queryKey: ['signals', id, range],
    queryFn: ({ signal }) => client.call('alertSignals', { params: { id }, query: { from: range?.from, to: range?.to }, signal }),
    refetchInterval: live && range === null ? refetchMs : false,
    // A zoom keeps the plot that was there until its own has come.
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
    structuralSharing: false,
  })
}

export const useTimeline = (id: string) => {
  const { client } = useDesk()
  return useQuery({
    queryKey: ['timeline', id],
    queryFn: ({ signal }) => client.call('alertTimeline', { params: { id }, query: { limit: 60 }, signal }),
  })
}

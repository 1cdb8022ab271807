import { useQuery } from '@tanstack/react-query'
import { useDesk } from '../desk.ts'

/** Counts and histogram; the stream brings new ones. */
export const useSummary = () => {
  const { client } = useDesk()
  return useQuery({ queryKey: ['summary'], staleTime: 15_000, queryFn: ({ signal }) => client.call('alertSummary', { signal }) })
}

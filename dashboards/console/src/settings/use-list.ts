import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Answer } from '../../../../contracts/api/routes.ts'
import type { CalledRoute } from '../api/route-list.ts'
import { useDesk } from '../desk.ts'

/** A list of settings, read anew every half minute. */
export const useSettings = <Id extends CalledRoute>(id: Id, key: string) => {
  const { client } = useDesk()
  return useQuery({ queryKey: [key], refetchInterval: 30_000, queryFn: ({ signal }): Promise<Answer<Id>> => client.call(id, { signal }) })
}

/** A change of settings; `key` is the list that is read anew after it. */
export const useChange = <Given, Told>(key: string, change: (given: Given) => Promise<Told>, done?: (told: Told) => void) => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: (told) => {
      void queries.invalidateQueries({ queryKey: [key] })
      done?.(told)
    },
    // Whoever was second sees at once what the first has done.
    onError: () => void queries.invalidateQueries({ queryKey: [key] }),
  })
}

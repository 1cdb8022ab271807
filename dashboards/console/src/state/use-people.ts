import { useQuery } from '@tanstack/react-query'
import { useDesk } from '../desk.ts'

/** Whom an alert can be assigned to. */
export const usePeople = () => {
  const desk = useDesk()
  const people = useQuery({
    queryKey: ['people'],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const { items } = await desk.client.call('listPeople', { signal })
      desk.people.learn(items)
      return items
    },
  })
  return people.data ?? []
}

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useDesk } from '../desk.ts'
import { useMe } from '../state/session.ts'
import { queueKey } from './alert-cache.ts'
import { reconciled, refreshed, settled, withChanges, withPage, type Attention, type QueueModel, type QueuePage } from './queue-model.ts'
import { queryOf, type QueueView } from './queue-view.ts'
import { toldBy } from './told.ts'

const pageItems = 100
const pageItemsMax = 500
/** How many rows are read anew at most; deeper ones come again by scrolling. */
const rowsAnewMax = 2_000
/** New alerts that nobody is looking away from any more come in by themselves after this. */
export const idleReleaseMs = 10_000

/** The queue of a view, live. @param attention asked whenever something arrives: what may not move */
export const useQueue = (view: QueueView, attention: () => Attention) => {
  const desk = useDesk()
  const me = useMe()
  const client = useQueryClient()
  const key = queueKey(view)
  const loading = useRef(false)
  const around = () => ({ ...attention(), view, me: me.account })

  const query = useQuery({
    queryKey: key,
    refetchOnMount: 'always',
    // Rows are compared one by one where they are drawn.
    structuralSharing: false,
    queryFn: async ({ signal }): Promise<QueueModel> => {
      const before = client.getQueryData<QueueModel>(key)
      // As deep as it was scrolled: a list that gets shorter would lose the place.
      const wanted = Math.max(pageItems, Math.min(before?.rows.length ?? 0, rowsAnewMax))
      const read = (limit: number, cursor: string | null): Promise<QueuePage> =>
        desk.client.call('listAlerts', {
          query: { ...queryOf(view), limit: Math.min(pageItemsMax, limit), cursor: cursor ?? undefined },
          signal,
        })
      let page = await read(wanted, null)
      while (page.next !== null && page.items.length < wanted) {
        const more = await read(wanted - page.items.length, page.next)
        // The first page's sequence stays: what changed while the others were read is told by the stream.
        page = { ...page, items: [...page.items, ...more.items], next: more.next }
      }
      const model = reconciled(client.getQueryData<QueueModel>(key), page, around())
      // What the stream brought while the list was on its way.
      const newer = desk.stream.since(page.sequence)
      return withChanges(
        model,
        newer.map(({ alert, event }) => ({ alert, told: toldBy(event, me.account, desk.people) })),
        around(),
      )
    },
  })

  const latest = useRef(attention)
  latest.current = attention
  const keyText = JSON.stringify(key)
  useEffect(() => {
    const shown = { view, attention: () => latest.current() }
    desk.alerts.shown = shown
    return () => {
      if (desk.alerts.shown === shown) desk.alerts.shown = null
    }
    // The key is the view as a text.
  }, [desk, keyText])

  const change = (how: (model: QueueModel) => QueueModel) => client.setQueryData<QueueModel>(key, (model) => model && how(model))
  return {
    query,
    model: query.data,
    loadMore: async () => {
      const cursor = client.getQueryData<QueueModel>(key)?.next ?? null
      if (cursor === null || loading.current) return
      loading.current = true
      try {
        const page = await desk.client.call('listAlerts', { query: { ...queryOf(view), cursor, limit: pageItems } })
        change((model) => (model.next === cursor ? withPage(model, page) : model))
      } catch {
        // The end of the list tells it, and scrolling asks again.
        await new Promise((resolve) => setTimeout(resolve, 2_000))
      } finally {
        loading.current = false
      }
    },
    loadNew: () => change((model) => refreshed(model, view)),
    settle: () => change((model) => settled(model, latest.current())),
  }
}

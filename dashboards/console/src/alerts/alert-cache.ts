import type { QueryClient } from '@tanstack/react-query'
import type { AlertDetail, AlertSummary, AlertView, TimelineEntry } from '../../../../contracts/api/alerts.ts'
import type { Answer } from '../../../../contracts/api/routes.ts'
import { countsAfter } from './counts-after.ts'
import { withChanges, type Attention, type Change, type QueueModel, type Surroundings } from './queue-model.ts'
import { queryOf, type QueueView } from './queue-view.ts'

/** More changes at once are left to the platform's own counts. */
const countedAtOnceMax = 50
/** Alerts that left the queue a moment ago: an undo brings them back. */
const rememberedMax = 200

export const queueKey = (view: QueueView) => ['queue', queryOf(view)] as const

/** Where the queue that is on the screen stands; null when none is. */
export interface ShownQueue {
  readonly view: QueueView
  readonly attention: () => Attention
}

/** The one place that writes alerts into TanStack Query's cache. */
export interface AlertCache {
  apply(changes: readonly Change[]): void
  addToTimeline(alert: string, entry: TimelineEntry): void
  /** What the cache holds of an alert. */
  find(id: string): AlertView | undefined
  shown: ShownQueue | null
  me: string
}

export const createAlertCache = (client: QueryClient): AlertCache => {
  const left = new Map<string, AlertView>()
  const remember = (alert: AlertView) => {
    left.delete(alert.id)
    left.set(alert.id, alert)
    if (left.size > rememberedMax) left.delete(left.keys().next().value!)
  }
  const cache: AlertCache = {
    shown: null,
    me: '',
    apply: (changes) => {
      const { shown } = cache
      if (changes.length <= countedAtOnceMax)
        for (const { alert, force } of changes) {
          const before = cache.find(alert.id) ?? left.get(alert.id)
          remember(alert)
          // An own guess and its rollback carry no new sequence.
          const guess = force === true || before?.sequence === alert.sequence
          if (before !== undefined && (guess || alert.sequence > before.sequence))
            client.setQueryData<AlertSummary>(
              ['summary'],
              (summary) => summary && (countsAfter(summary, before, alert, cache.me, guess) ?? summary),
            )
        }
      if (shown !== null) {
        const around: Surroundings = { ...shown.attention(), view: shown.view, me: cache.me }
        client.setQueryData<QueueModel>(queueKey(shown.view), (model) => model && withChanges(model, changes, around))
      }
      for (const { alert, force } of changes)
        client.setQueryData<AlertDetail>(['alert', alert.id], (detail) =>
          detail && (force === true || alert.sequence >= detail.alert.sequence) ? { ...detail, alert } : detail,
        )
    },
    addToTimeline: (alert, entry) =>
      client.setQueryData<Answer<'alertTimeline'>>(['timeline', alert], (timeline) =>
        timeline === undefined || timeline.items.some(({ sequence }) => sequence === entry.sequence)
          ? timeline
          : { ...timeline, items: [entry, ...timeline.items].sort((a, b) => b.sequence - a.sequence) },
      ),
    find: (id) => {
      const detail = client.getQueryData<AlertDetail>(['alert', id])
      if (cache.shown === null) return detail?.alert
      const model = client.getQueryData<QueueModel>(queueKey(cache.shown.view))
      const row = model?.rows.find(({ alert }) => alert.id === id)?.alert
      return row !== undefined && (detail === undefined || row.sequence >= detail.alert.sequence) ? row : detail?.alert
    },
  }
  return cache
}

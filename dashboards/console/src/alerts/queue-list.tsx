import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, type RefObject } from 'react'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useWide } from '../parts/use-wide.ts'
import { QueueEmpty } from './queue-empty.tsx'
import { rowId, Row } from './queue-row.tsx'
import { isFiltered, type QueueView } from './queue-view.ts'
import type { useQueue } from './use-queue.ts'
import { useWantSparks } from './use-sparks.ts'

const rowPx = 32
const phoneRowPx = 54
/** The heads of the columns stand still over the rows; a phone has none. */
const headPx = 26
const overscan = 8
const skeletons = 14

export const QueueList = ({
  listRef,
  pointer,
  queue,
  view,
  current,
  marked,
  onPick,
  onClearFilters,
}: {
  listRef: RefObject<HTMLDivElement | null>
  pointer: RefObject<{ over: boolean; id: string | null }>
  queue: ReturnType<typeof useQueue>
  view: QueueView
  current: string | null
  marked: ReadonlyMap<string, AlertView>
  onPick: (alert: AlertView, how: 'show' | 'open' | 'mark' | 'extend') => void
  onClearFilters: () => void
}) => {
  const wide = useWide()
  const height = wide ? rowPx : phoneRowPx
  const { model, query } = queue
  const rows = model?.rows ?? []
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => listRef.current,
    estimateSize: () => height,
    overscan,
    scrollMargin: wide ? headPx : 0,
    scrollPaddingStart: wide ? headPx : 0,
    getItemKey: (index) => rows[index]?.alert.id ?? index,
  })
  const items = virtual.getVirtualItems()
  useEffect(() => virtual.measure(), [virtual, height])
  useWantSparks(wide ? items.flatMap(({ index }) => rows[index]?.alert.id ?? []) : [])

  const lastShown = items.at(-1)?.index ?? 0
  const wantsMore = model !== undefined && model.next !== null && lastShown >= rows.length - 30
  useEffect(() => {
    if (wantsMore) void queue.loadMore()
  })
  const at = rows.findIndex(({ alert }) => alert.id === current)
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
    // Only when the cursor moves: rows that come in above it don't scroll the list.
  }, [current, virtual])

  const reveal = items.some(({ index }) => index === at)
  return (
    <div className="grid">
      {query.isError ? (
        <div className="grid-problem">
          <ProblemNote error={query.error} retry={() => void query.refetch()} old={model !== undefined} />
        </div>
      ) : null}
      <div
        ref={listRef}
        className="rows dims"
        role="grid"
        aria-label="Alerts"
        aria-rowcount={model === undefined ? -1 : model.total + 1}
        aria-multiselectable="true"
        aria-busy={query.isFetching}
        // The rows are reached with J and K, or the arrows, from here.
        tabIndex={0}
        aria-activedescendant={reveal && current !== null ? rowId(current) : undefined}
        onPointerOver={(event) => {
          const row = (event.target as Element).closest<HTMLElement>('[data-id]')
          pointer.current = { over: true, id: row?.dataset['id'] ?? null }
        }}
        onPointerLeave={() => {
          pointer.current = { over: false, id: null }
          queue.settle()
        }}
        onClick={(event) => {
          const target = event.target as Element
          const id = target.closest<HTMLElement>('[data-id]')?.dataset['id']
          const alert = rows.find((row) => row.alert.id === id)?.alert
          if (alert === undefined) return
          onPick(
            alert,
            event.shiftKey ? 'extend' : target.closest('[data-mark]') !== null || event.ctrlKey || event.metaKey ? 'mark' : 'show',
          )
        }}
        onDoubleClick={(event) => {
          const id = (event.target as Element).closest<HTMLElement>('[data-id]')?.dataset['id']
          const alert = rows.find((row) => row.alert.id === id)?.alert
          if (alert !== undefined && (event.target as Element).closest('[data-mark]') === null) onPick(alert, 'open')
        }}
      >
        <div role="rowgroup" className="grid-head">
          <Heads tab={view.tab} />
        </div>
        {model === undefined && !query.isError ? (
          <Late>
            {Array.from({ length: skeletons }, (_, index) => (
              <div key={index} className="row row-skeleton" aria-hidden="true">
                <span />
                <span className="skeleton" />
                <span className="skeleton" />
                <span className="skeleton" />
              </div>
            ))}
          </Late>
        ) : null}
        <div role="rowgroup" className="rows-inside" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start, key }) => {
            const row = rows[index]
            return row === undefined ? null : (
              <Row
                key={key}
                row={row}
                index={index}
                top={start - virtual.options.scrollMargin}
                current={row.alert.id === current}
                marked={marked.has(row.alert.id)}
                wide={wide}
              />
            )
          })}
        </div>
      </div>
      {model !== undefined && rows.length === 0 ? (
        <QueueEmpty view={view} filtered={isFiltered(view)} onClearFilters={onClearFilters} />
      ) : null}
    </div>
  )
}

const Heads = ({ tab }: { tab: QueueView['tab'] }) => (
  <div className="row row-head" role="row" aria-rowindex={1}>
    <span role="columnheader">
      <span className="sr">Severity</span>
    </span>
    <span role="columnheader" className="c-age">
      Age
    </span>
    <span role="columnheader" className="c-title">
      Alert
    </span>
    <span role="columnheader" className="c-device">
      Device
    </span>
    <span role="columnheader" className="c-ward">
      Ward
    </span>
    <span role="columnheader" className="c-spark">
      Signal
    </span>
    <span role="columnheader" className="c-score">
      Score
    </span>
    <span role="columnheader" className="c-due">
      {tab === 'snoozed' ? 'Wakes' : tab === 'closed' ? 'Verdict' : 'Due'}
    </span>
    <span role="columnheader" className="c-owner">
      <span className="sr">Owner</span>
    </span>
  </div>
)

import { useEffect, useRef, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { AlertPanel } from '../alert/alert-panel.tsx'
import { useAlertActions } from '../alert/use-alert-actions.tsx'
import { useDesk } from '../desk.ts'
import { useKeys } from '../keys/use-keys.ts'
import { useWide } from '../parts/use-wide.ts'
import { usePeople } from '../state/use-people.ts'
import { BulkBar, KeyHints } from './queue-foot.tsx'
import { QueueHead } from './queue-head.tsx'
import { QueueList } from './queue-list.tsx'
import { QueueStrip } from './queue-strip.tsx'
import { queryOf, viewFrom, type QueueView } from './queue-view.ts'
import { idleReleaseMs, useQueue } from './use-queue.ts'
import { useRowCursor } from './use-row-cursor.ts'

/** The queue on the left, the alert under the cursor on the right. The URL holds tab, order, filters and cursor. */
export const AlertsScreen = () => {
  const desk = useDesk()
  const search = useSearch()
  const [, navigate] = useLocation()
  const wide = useWide()
  usePeople()
  const view = viewFrom(search)
  const current = new URLSearchParams(search).get('alert')
  const listRef = useRef<HTMLDivElement>(null)
  const filterRef = useRef<HTMLInputElement>(null)
  const [marked, setMarked] = useState<ReadonlyMap<string, AlertView>>(new Map())
  const pointer = useRef<{ over: boolean; id: string | null }>({ over: false, id: null })

  const isHolding = () => {
    const list = listRef.current
    if (list === null) return false
    return pointer.current.over || list.contains(document.activeElement) || list.scrollTop > 0 || marked.size > 0
  }
  const queue = useQueue(view, () => ({
    holding: isHolding(),
    current,
    pointed: pointer.current.over ? pointer.current.id : null,
    nowMs: desk.clock.nowMs(),
  }))
  const rows = queue.model?.rows ?? []
  const heldCount = queue.model?.held.length ?? 0

  const show = (next: QueueView, alert: string | null) => {
    const query = new URLSearchParams(queryOf(next))
    if (alert !== null) query.set('alert', alert)
    const text = query.toString()
    navigate(`/alerts${text === '' ? '' : `?${text}`}`, { replace: true })
  }
  const setView = (change: Partial<QueueView>) => {
    setMarked(new Map())
    listRef.current?.scrollTo({ top: 0 })
    show({ ...view, ...change }, current)
  }
  const cursor = useRowCursor({ rows, current, marked, setMarked, move: (id) => show(view, id) })

  const subject =
    marked.size > 0 ? [...marked.values()].map((alert) => rows.find((row) => row.alert.id === alert.id)?.alert ?? alert) : undefined
  const currentRow = rows.find(({ alert }) => alert.id === current)
  const currentAlert = currentRow?.alert ?? (current === null ? undefined : desk.alerts.find(current))
  // What is done with goes out of sight: the cursor steps on, so that the row can leave.
  const onLeft = (ids: readonly string[]) => {
    if (current !== null && ids.includes(current)) cursor.stepOff(ids)
  }
  const currentOnes = currentAlert === undefined ? [] : [currentAlert]
  // The keys mean what is marked; the buttons beside an alert mean that alert.
  const actions = useAlertActions(subject ?? currentOnes, { onLeft, onDone: () => setMarked(new Map()) })
  const panelActions = useAlertActions(currentOnes, { onLeft, keys: false })

  const first = rows[0]?.alert.id
  useEffect(() => {
    if (wide && current === null && first !== undefined) show(view, first)
  })
  // The cursor has left a row: it may go now.
  useEffect(() => void queue.settle(), [current])
  const leaving = rows.some((row) => row.leaving)
  useEffect(() => {
    if (!leaving) return
    const timer = setInterval(() => queue.settle(), 1_000)
    return () => clearInterval(timer)
  }, [leaving, search])
  // Nobody holds the list any more: what waited comes in.
  useEffect(() => {
    if (heldCount === 0) return
    const timer = setInterval(() => {
      if (!isHolding()) queue.loadNew()
    }, idleReleaseMs)
    return () => clearInterval(timer)
  })

  const toList = () => listRef.current?.focus({ preventScroll: true })
  useKeys({
    'queue.next': () => (toList(), cursor.step(1)),
    'queue.previous': () => (toList(), cursor.step(-1)),
    'queue.extendNext': () => (toList(), cursor.extend(1)),
    'queue.extendPrevious': () => (toList(), cursor.extend(-1)),
    'queue.mark': () => cursor.toggle(),
    'queue.loadNew': () => {
      queue.loadNew()
      listRef.current?.scrollTo({ top: 0 })
    },
    'queue.filter': () => filterRef.current?.focus(),
    'queue.open': () => {
      if (current === null) return false
      navigate(`/alerts/${encodeURIComponent(current)}`)
    },
    back: () => {
      if (marked.size === 0) return false
      setMarked(new Map())
    },
  })

  return (
    <div className="desk">
      <section className="queue" aria-label="Queue">
        <QueueHead view={view} setView={setView} held={heldCount} loadNew={queue.loadNew} filterRef={filterRef} onFilterDone={toList} />
        <QueueStrip view={view} setView={setView} />
        <QueueList
          listRef={listRef}
          pointer={pointer}
          queue={queue}
          view={view}
          current={current}
          marked={marked}
          onPick={(alert, how) => {
            if (how === 'mark') cursor.toggle(alert)
            else if (how === 'extend') cursor.extendTo(alert.id)
            else if (how === 'open' || !wide) navigate(`/alerts/${encodeURIComponent(alert.id)}`)
            else show(view, alert.id)
          }}
          onClearFilters={() => setView({ severity: [], q: '', site: '', device: '', detector: '', from: null, to: null, pastDue: false })}
        />
        {marked.size > 0 ? <BulkBar count={marked.size} actions={actions} onClear={() => setMarked(new Map())} /> : <KeyHints />}
      </section>
      {wide ? (
        <section className="side" aria-label="Alert">
          {current === null ? (
            <div className="empty">Pick an alert to see why it is one.</div>
          ) : (
            <AlertPanel id={current} row={currentRow?.alert} actions={panelActions} />
          )}
        </section>
      ) : null}
      {actions.dialog}
      {panelActions.dialog}
    </div>
  )
}

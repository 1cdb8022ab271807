import { useRef } from 'react'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { useDesk } from '../desk.ts'
import type { QueueRow } from './queue-model.ts'
import { bulkAlertsMax } from './limits.ts'

type Marked = ReadonlyMap<string, AlertView>

/** The keyboard's cursor over the rows, and what is marked for a bulk action. */
export const useRowCursor = (options: {
  readonly rows: readonly QueueRow[]
  readonly current: string | null
  readonly marked: Marked
  readonly setMarked: (marked: Marked) => void
  readonly move: (id: string) => void
}) => {
  const { rows, current, marked, setMarked, move } = options
  const { toasts } = useDesk()
  // Keys can come faster than React renders: the cursor is counted on from where it was sent to.
  const at = useRef(current)
  at.current = current
  const indexOf = (id: string | null) => rows.findIndex(({ alert }) => alert.id === id)
  const go = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    if (row === undefined) return
    at.current = row.alert.id
    move(row.alert.id)
  }
  const mark = (alerts: readonly AlertView[]) => {
    const next = new Map(marked)
    for (const alert of alerts) if (next.size < bulkAlertsMax) next.set(alert.id, alert)
    if (alerts.some(({ id }) => !next.has(id))) toasts.show({ text: `At most ${bulkAlertsMax} alerts can be marked.` })
    setMarked(next)
  }
  return {
    step: (by: 1 | -1) => {
      const index = indexOf(at.current)
      go(index === -1 ? 0 : index + by)
    },
    extend: (by: 1 | -1) => {
      const index = Math.max(0, indexOf(at.current))
      const other = Math.max(0, Math.min(rows.length - 1, index + by))
      mark([rows[index], rows[other]].flatMap((row) => (row === undefined ? [] : [row.alert])))
      go(other)
    },
    extendTo: (id: string) => {
      const [from, to] = [Math.max(0, indexOf(at.current)), indexOf(id)].sort((a, b) => a - b)
      mark(rows.slice(from, to! + 1).map(({ alert }) => alert))
    },
    toggle: (alert = rows[indexOf(at.current)]?.alert) => {
      if (alert === undefined) return
      if (!marked.has(alert.id)) return mark([alert])
      const next = new Map(marked)
      next.delete(alert.id)
      setMarked(next)
    },
    /** To the nearest row that stays. */
    stepOff: (ids: readonly string[]) => {
      const index = indexOf(at.current)
      const stays = (row: QueueRow) => !ids.includes(row.alert.id) && !row.leaving
      const next = rows.slice(index + 1).find(stays) ?? rows.slice(0, Math.max(0, index)).findLast(stays)
      if (next !== undefined) move(next.alert.id)
    },
  }
}

import { ListFilter, X } from 'lucide-react'
import type { RefObject } from 'react'
import { whole } from '../parts/format.ts'
import type { QueueView } from './queue-view.ts'
import { useSummary } from './use-summary.ts'

const tabs = [
  ['triage', 'Needs triage'],
  ['mine', 'Mine'],
  ['snoozed', 'Snoozed'],
  ['closed', 'Closed'],
] as const
const sorts = [
  ['due', 'Due next'],
  ['newest', 'Newest'],
  ['score', 'Score'],
] as const

export const QueueHead = ({
  view,
  setView,
  held,
  loadNew,
  filterRef,
  onFilterDone,
}: {
  view: QueueView
  setView: (change: Partial<QueueView>) => void
  held: number
  loadNew: () => void
  filterRef: RefObject<HTMLInputElement | null>
  onFilterDone: () => void
}) => {
  const summary = useSummary()
  return (
    <>
      <h1 className="sr">Alerts</h1>
      <div className="queue-head">
        <nav className="tabs dims" aria-label="Queue tabs">
          {tabs.map(([tab, title]) => (
            <button
              key={tab}
              type="button"
              className="tab"
              aria-current={view.tab === tab ? 'page' : undefined}
              onClick={() => setView({ tab })}
            >
              {title} <span className="tab-count">{summary.data === undefined ? '' : whole(summary.data.tabs[tab])}</span>
            </button>
          ))}
        </nav>
        <span className="grow" />
        <label className="sort">
          <span className="sr">Order</span>
          <select value={view.sort} onChange={(event) => setView({ sort: event.currentTarget.value as QueueView['sort'] })}>
            {sorts.map(([sort, title]) => (
              <option key={sort} value={sort}>
                {title}
              </option>
            ))}
          </select>
        </label>
        {/* Its place is fixed: it appears where it always is, and nothing else moves. */}
        <button
          type="button"
          className={`new-button ${held === 0 ? 'none' : ''}`}
          onClick={loadNew}
          disabled={held === 0}
          aria-keyshortcuts="."
        >
          <span aria-live="polite">{held === 0 ? 'No new' : `${whole(held)} new`}</span> <kbd aria-hidden="true">.</kbd>
        </button>
      </div>
      <div className="filters">
        <ListFilter className="icon" aria-hidden="true" />
        <input
          ref={filterRef}
          className="filter-input"
          type="search"
          placeholder="Filter this queue by words"
          aria-label="Filter this queue by words"
          aria-keyshortcuts="F"
          maxLength={200}
          value={view.q}
          onChange={(event) => setView({ q: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' && event.key !== 'Enter') return
            if (event.key === 'Escape') setView({ q: '' })
            event.currentTarget.blur()
            onFilterDone()
          }}
        />
        <Chips view={view} setView={setView} />
      </div>
    </>
  )
}

const Chips = ({ view, setView }: { view: QueueView; setView: (change: Partial<QueueView>) => void }) => {
  const chips: (readonly [string, Partial<QueueView>])[] = [
    ...view.severity.map((one) => [one, { severity: view.severity.filter((other) => other !== one) }] as const),
    ...(['site', 'device', 'detector'] as const).flatMap((name) =>
      view[name] === '' ? [] : [[`${name} ${view[name]}`, { [name]: '' }] as const],
    ),
    ...(view.pastDue ? [['past due', { pastDue: false }] as const] : []),
  ]
  return chips.map(([text, change]) => (
    <button key={text} type="button" className="chip" onClick={() => setView(change)} aria-label={`Remove the filter ${text}`}>
      {text} <X className="icon" aria-hidden="true" />
    </button>
  ))
}

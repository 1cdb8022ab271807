import { useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Search } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Link, useLocation, useSearch } from 'wouter'
import type { Asset } from '../../../../contracts/api/alerts.ts'
import { useDesk } from '../desk.ts'
import { useKeys } from '../keys/use-keys.ts'
import { useNowMs } from '../live/use-now.ts'
import { Firmware } from '../parts/firmware.tsx'
import { span, whole } from '../parts/format.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import '../styles/devices.css'

const rowPx = 32
const pageItems = 200
const statuses = [
  ['', 'All'],
  ['enrolled', 'Enrolled'],
  ['revoked', 'Revoked'],
] as const

const Heard = ({ at }: { at: number | null }) => {
  const ago = useNowMs() - (at ?? 0)
  if (at === null) return <span className="muted">never</span>
  return <span className={ago > 300_000 ? 'high' : ''}>{span(ago)} ago</span>
}

const DeviceRow = ({ device, index, top }: { device: Asset; index: number; top: number }) => (
  <div role="row" aria-rowindex={index + 2} className="device-row" style={{ transform: `translateY(${top}px)` }}>
    <span role="gridcell" className="cut">
      <Link href={`/devices/${encodeURIComponent(device.device)}`} className="mono device-link">
        {device.device}
      </Link>
    </span>
    <span role="gridcell" className="cut">
      {device.model ?? '–'}
    </span>
    <span role="gridcell" className="cut">
      {device.ward ?? '–'}
    </span>
    <span role="gridcell" className="cut soft">
      {device.site ?? '–'}
    </span>
    <span role="gridcell" className="mono cut soft">
      <Firmware asset={device} narrow />
    </span>
    <span role="gridcell" className={device.status === 'enrolled' ? 'soft' : 'high'}>
      {device.status}
    </span>
    <span role="gridcell" className="mono">
      <Heard at={device.lastHeardAt} />
    </span>
    <span role="gridcell" className={`mono right ${device.openAlerts > 0 ? 'high' : 'muted'}`}>
      {device.openAlerts}
    </span>
  </div>
)

/** Every device of the registry, by words and status; the URL holds both. */
const DevicesScreen = () => {
  const { client } = useDesk()
  const [, navigate] = useLocation()
  const given = new URLSearchParams(useSearch())
  const q = given.get('q') ?? ''
  const status = statuses.find(([value]) => value === given.get('status'))?.[0] ?? ''
  const filter = useRef<HTMLInputElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const set = (next: Readonly<Record<string, string>>) => {
    const query = new URLSearchParams(Object.entries({ q, status, ...next }).filter(([, value]) => value !== ''))
    navigate(`/devices${query.size === 0 ? '' : `?${query.toString()}`}`, { replace: true })
  }
  const devices = useInfiniteQuery({
    queryKey: ['devices', q, status],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      client.call('listDevices', { query: { q, status, cursor: pageParam ?? undefined, limit: pageItems }, signal }),
    getNextPageParam: (last) => last.next,
    placeholderData: (before) => before,
    refetchInterval: 30_000,
  })
  const items = devices.data?.pages.flatMap((page) => page.items) ?? []
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowPx,
    overscan: 12,
    scrollMargin: 26,
    scrollPaddingStart: 26,
  })
  const shown = virtual.getVirtualItems()
  const wantsMore =
    devices.hasNextPage && !devices.isFetchingNextPage && !devices.isError && (shown.at(-1)?.index ?? 0) >= items.length - 40
  const { fetchNextPage } = devices
  useEffect(() => {
    if (wantsMore) void fetchNextPage()
  }, [wantsMore, fetchNextPage])
  useKeys({ 'queue.filter': () => filter.current?.focus() })
  const total = devices.data?.pages[0]?.total
  return (
    <div className="list-screen">
      <div className="list-head">
        <h1>Devices</h1>
        <span className="soft">{total === undefined ? '' : whole(total)}</span>
        <label className="list-filter">
          <Search className="icon" aria-hidden="true" />
          <input
            ref={filter}
            type="search"
            className="filter-input"
            placeholder="Name, model, ward, site"
            aria-label="Filter devices"
            aria-keyshortcuts="F"
            maxLength={200}
            value={q}
            onChange={(event) => set({ q: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === 'Escape') event.currentTarget.blur()
            }}
          />
          <kbd aria-hidden="true">F</kbd>
        </label>
        <div className="segments" role="group" aria-label="Status">
          {statuses.map(([value, title]) => (
            <button key={value} type="button" aria-pressed={status === value} onClick={() => set({ status: value })}>
              {title}
            </button>
          ))}
        </div>
      </div>
      {devices.isError ? (
        <div className="grid-problem">
          <ProblemNote error={devices.error} retry={() => void devices.refetch()} old={items.length > 0} />
        </div>
      ) : null}
      <div ref={box} className="list-rows dims" role="grid" aria-label="Devices" aria-rowcount={(total ?? -2) + 1} tabIndex={0}>
        <div role="rowgroup" className="list-heads">
          <div role="row" aria-rowindex={1} className="device-row heads">
            {['Device', 'Model', 'Ward', 'Site', 'Firmware', 'Status', 'Last heard', 'Open alerts'].map((title) => (
              <span key={title} role="columnheader">
                {title}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="rows-inside" style={{ height: virtual.getTotalSize() }}>
          {shown.map(({ index, start }) => {
            const device = items[index]
            return device === undefined ? null : <DeviceRow key={device.device} device={device} index={index} top={start - 26} />
          })}
        </div>
      </div>
      {devices.data === undefined && !devices.isError ? (
        <Late>
          <div className="empty muted">Loading…</div>
        </Late>
      ) : null}
      {devices.data !== undefined && items.length === 0 ? (
        <div className="empty list-empty">
          <strong>{q === '' && status === '' ? 'No device is enrolled yet.' : 'No device is like that.'}</strong>
          {q === '' && status === '' ? <span className="mono">npx wardwatch device enrol NAME --site SITE</span> : null}
        </div>
      ) : null}
    </div>
  )
}
export default DevicesScreen

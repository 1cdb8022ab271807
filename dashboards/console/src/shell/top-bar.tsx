import { Search } from 'lucide-react'
import { useDesk } from '../desk.ts'
import { useNowMs } from '../live/use-now.ts'
import { useSummary } from '../alerts/use-summary.ts'
import { brief, clockTime, duration, whole } from '../parts/format.ts'
import { useMe } from '../state/session.ts'
import { useStore } from '../state/store.ts'

const words = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', stale: 'Stale' } as const

const Clock = () => {
  const nowMs = useNowMs()
  return (
    <time className="mono top-clock" dateTime={new Date(nowMs).toISOString()}>
      {clockTime(nowMs)}
    </time>
  )
}

const Figure = ({ name, value, unit, bad = false }: { name: string; value: string; unit?: string; bad?: boolean }) => (
  <span className="figure">
    {name === '' ? null : <span className="muted">{name} </span>}
    <b className={bad ? 'high' : ''}>{value}</b>
    {unit === undefined ? null : <span className="muted"> {unit}</span>}
  </span>
)

export const TopBar = ({ onSearch }: { onSearch: () => void }) => {
  const { stream } = useDesk()
  const me = useMe()
  const status = useStore(stream.state, (state) => state.status)
  const signs = useStore(stream.state, (state) => state.signs)
  const summary = useSummary()
  return (
    <header className="top" data-live={status}>
      <span className="top-site">
        <b className="cut">{me.platform}</b>
        {summary.data === undefined ? null : <span className="soft top-devices">{whole(summary.data.devices.enrolled)} devices</span>}
      </span>
      <button type="button" className="top-search" onClick={onSearch} aria-label="Search alerts, devices, hosts" aria-keyshortcuts="/">
        <Search className="icon" aria-hidden="true" />
        <span className="grow cut">Search alerts, devices, hosts</span>
        <kbd aria-hidden="true">/</kbd>
      </button>
      <span className="grow" />
      <span className={`live live-${status}`} role="status">
        <i aria-hidden="true" />
        {words[status]}
      </span>
      <span className="top-figures dimmable">
        {signs === null ? null : (
          <>
            <Figure name="" value={signs.readingsPerSecond === null ? '–' : brief(signs.readingsPerSecond)} unit="readings/s" />
            <Figure name="lag" value={duration(signs.lagMs)} bad={(signs.lagMs ?? 0) > 5_000} />
            <Figure name="drops" value={signs.drops === null ? '–' : whole(signs.drops)} bad={(signs.drops ?? 0) > 0} />
          </>
        )}
      </span>
      <Clock />
    </header>
  )
}

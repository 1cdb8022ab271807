import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { Link, useLocation, useSearch } from 'wouter'
import { useDesk } from '../desk.ts'
import { useKeys } from '../keys/use-keys.ts'
import { Firmware } from '../parts/firmware.tsx'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { DeviceAlerts } from './device-alerts.tsx'
import { DeviceConnections } from './device-connections.tsx'
import { DeviceOverview } from './device-overview.tsx'
import { DeviceVitals } from './device-vitals.tsx'
import '../styles/devices.css'

const tabs = [
  ['overview', 'Overview'],
  ['vitals', 'Vitals'],
  ['connections', 'Connections'],
  ['alerts', 'Alerts'],
] as const
type Tab = (typeof tabs)[number][0]

const DevicePage = ({ device }: { device: string }) => {
  const { client } = useDesk()
  const [, navigate] = useLocation()
  const search = useSearch()
  const tab: Tab = tabs.find(([name]) => name === new URLSearchParams(search).get('tab'))?.[0] ?? 'overview'
  const show = (name: Tab) =>
    navigate(`/devices/${encodeURIComponent(device)}${name === 'overview' ? '' : `?tab=${name}`}`, { replace: true })
  const detail = useQuery({
    queryKey: ['device', device],
    refetchInterval: 10_000,
    queryFn: ({ signal }) => client.call('device', { params: { device }, signal }),
  })
  useKeys({
    ...Object.fromEntries(tabs.map(([name], at) => [`tab.${at + 1}`, () => show(name)])),
    back: () => navigate('/devices'),
  })
  const asset = detail.data?.asset
  return (
    <div className="device">
      <header className="device-head">
        <Link href="/devices" className="button quiet small">
          <ArrowLeft className="icon" aria-hidden="true" /> Devices <kbd aria-hidden="true">Esc</kbd>
        </Link>
        <h1 className="mono">{device}</h1>
        <p className="head-facts">
          {[
            asset?.model,
            [asset?.ward, asset?.site].filter(Boolean).join(', '),
            asset?.firmware ? (
              <span key="firmware">
                fw <Firmware asset={asset} />
              </span>
            ) : null,
          ].map((fact, at) => (fact ? <span key={at}>{fact}</span> : null))}
          {asset === undefined ? null : <span className={asset.status === 'enrolled' ? 'ok' : 'high'}>{asset.status}</span>}
          {detail.data?.revokedReason == null ? null : <span className="high">{detail.data.revokedReason}</span>}
        </p>
        <nav className="tabs" aria-label="About the device">
          {tabs.map(([name, title], at) => (
            <button
              key={name}
              type="button"
              className="tab"
              aria-current={tab === name ? 'page' : undefined}
              aria-keyshortcuts={String(at + 1)}
              onClick={() => show(name)}
            >
              {title} <kbd aria-hidden="true">{at + 1}</kbd>
            </button>
          ))}
        </nav>
      </header>
      <div className="device-body dims" tabIndex={0} role="region" aria-label={tabs.find(([name]) => name === tab)![1]}>
        {detail.isError ? <ProblemNote error={detail.error} retry={() => void detail.refetch()} old={detail.data !== undefined} /> : null}
        {detail.data === undefined && !detail.isError ? (
          <Late>
            <span className="skeleton" />
          </Late>
        ) : null}
        {tab === 'overview' && detail.data !== undefined ? <DeviceOverview detail={detail.data} /> : null}
        {tab === 'vitals' ? <DeviceVitals device={device} /> : null}
        {tab === 'connections' ? <DeviceConnections device={device} /> : null}
        {tab === 'alerts' ? <DeviceAlerts device={device} /> : null}
      </div>
    </div>
  )
}
export default DevicePage

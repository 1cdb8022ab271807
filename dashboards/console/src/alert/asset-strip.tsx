import type { AlertView, Asset } from '../../../../contracts/api/alerts.ts'
import { useNowMs } from '../live/use-now.ts'
import { Firmware } from '../parts/firmware.tsx'
import { span, whole } from '../parts/format.ts'
import { useDesk } from '../desk.ts'

const Fact = ({ name, children, tone = '' }: { name: string; children: React.ReactNode; tone?: string }) => (
  <div>
    <dt>{name}</dt>
    <dd className={`cut ${tone}`}>{children}</dd>
  </div>
)

const Ago = ({ at }: { at: number | null }) => {
  const nowMs = useNowMs()
  return at === null ? '–' : `${span(nowMs - at)} ago`
}

/** What is known of the device; what is not known says so. */
export const AssetStrip = ({ alert, asset }: { alert: AlertView; asset: Asset | null }) => {
  const { people } = useDesk()
  return (
    <dl className="asset" aria-label="Asset">
      <Fact name="Status" tone={asset?.status === 'enrolled' ? '' : 'high'}>
        {asset === null ? (alert.device.includes(':') ? 'no device' : '–') : asset.status}
      </Fact>
      <Fact name="Model">{asset?.model ?? alert.model ?? '–'}</Fact>
      <Fact name="Firmware">{asset === null ? '–' : <Firmware asset={asset} />}</Fact>
      <Fact name="Last heard">
        <Ago at={asset?.lastHeardAt ?? null} />
      </Fact>
      <Fact name="Peers on model">{asset?.peersOnModel == null ? '–' : whole(asset.peersOnModel)}</Fact>
      <Fact name="Open alerts" tone={(asset?.openAlerts ?? 0) > 1 ? 'high' : ''}>
        {asset === null ? '–' : whole(asset.openAlerts)}
      </Fact>
      <Fact name="Owner">{alert.owner === null ? 'nobody' : people.nameOf(alert.owner)}</Fact>
    </dl>
  )
}

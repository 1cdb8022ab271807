import type { DeviceDetail } from '../../../../contracts/api/devices.ts'
import { useNowMs } from '../live/use-now.ts'
import { Firmware } from '../parts/firmware.tsx'
import { brief, dayTime, span, whole } from '../parts/format.ts'

const Fact = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <div className="fact">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const unknown = <span className="muted">not known</span>

/** What the registry and the last readings know; what they don't know says so. */
export const DeviceOverview = ({ detail }: { detail: DeviceDetail }) => {
  const nowMs = useNowMs()
  const { asset } = detail
  return (
    <div className="overview">
      <section>
        <h2>Newest values</h2>
        {detail.latest.length === 0 ? (
          <p className="muted">No vital has been received.</p>
        ) : (
          <ul className="latest">
            {detail.latest.map(({ vital, title, unit, value, at, loinc }) => (
              <li key={vital} title={loinc === null ? vital : `${vital}, LOINC ${loinc}`}>
                <span className="soft">{title}</span>
                <span className="latest-value">
                  <b>{brief(value)}</b> {unit}
                </span>
                <span className={nowMs - at > 300_000 ? 'high' : 'muted'}>{span(nowMs - at)} ago</span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h2>Identity</h2>
        <dl className="facts">
          <Fact name="Status">{asset.status}</Fact>
          <Fact name="Site">{asset.site ?? unknown}</Fact>
          <Fact name="Ward">{asset.ward ?? unknown}</Fact>
          <Fact name="Model">{asset.model ?? unknown}</Fact>
          <Fact name="Firmware">
            {asset.firmware === null ? (
              unknown
            ) : (
              <span className="mono">
                <Firmware asset={asset} />
              </span>
            )}
          </Fact>
          <Fact name="Enrolled">{asset.enrolledAt === null ? unknown : dayTime(asset.enrolledAt, nowMs)}</Fact>
          <Fact name="Signs in by">{detail.signsIn}</Fact>
          <Fact name="Peers on model">{asset.peersOnModel === null ? unknown : whole(asset.peersOnModel)}</Fact>
        </dl>
      </section>
      <section>
        <h2>Now</h2>
        <dl className="facts">
          <Fact name="Last heard">{asset.lastHeardAt === null ? unknown : `${span(nowMs - asset.lastHeardAt)} ago`}</Fact>
          <Fact name="From">{asset.lastAddress === null ? unknown : <span className="mono">{asset.lastAddress}</span>}</Fact>
          <Fact name="Readings in the last hour">{detail.readingsLastHour === null ? unknown : whole(detail.readingsLastHour)}</Fact>
          <Fact name="Battery">{detail.batteryPercent === null ? unknown : `${Math.round(detail.batteryPercent)} %`}</Fact>
          <Fact name="Open alerts">
            <span className={asset.openAlerts > 0 ? 'high' : ''}>{asset.openAlerts}</span>
          </Fact>
        </dl>
        {detail.certificates.length === 0 ? null : (
          <>
            <h2>Certificates</h2>
            <ul>
              {detail.certificates.map(({ fingerprint }) => (
                <li key={fingerprint} className="mono fingerprint">
                  {fingerprint}
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
    </div>
  )
}

import { HeartPulse } from 'lucide-react'
import { lazy, Suspense } from 'react'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { useNowMs } from '../live/use-now.ts'
import { emphasise } from '../parts/emphasis.ts'
import { span } from '../parts/format.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { AlertHead } from './alert-head.tsx'
import { AssetStrip } from './asset-strip.tsx'
import { EvidencePanel } from './evidence-panel.tsx'
import { Timeline } from './timeline.tsx'
import { useAlert, useRested } from './use-alert.ts'
import type { AlertActions } from './use-alert-actions.tsx'

const SignalPlots = lazy(() => import('../plot/signal-plots.tsx'))
const reportingMs = 5 * 60_000

const Why = ({ alert }: { alert: AlertView }) => (
  <p className="why">
    {emphasise(alert.why, alert.evidence).map(({ text, as }, at) =>
      as === 'plain' ? (
        text
      ) : (
        <b key={at} className={as === 'observed' ? alert.severity : ''}>
          {text}
        </b>
      ),
    )}
  </p>
)

/** What to think of before the device is taken off: Wardwatch knows that it reports, not who lies beside it. */
const Impact = ({ heardAt, ward }: { heardAt: number; ward: string | null }) => {
  const ago = useNowMs() - heardAt
  if (ago > reportingMs) return null
  return (
    <p className="impact">
      <HeartPulse className="icon" aria-hidden="true" />
      <span>
        <b>Reporting, last heard {span(ago)} ago.</b> It may be on a patient: agree with {ward ?? 'the ward'} before it is taken off the
        network.
      </span>
    </p>
  )
}

/** One alert: the same beside the queue and on its own page. @param row what the queue knows already, so that nothing has to wait */
export const AlertPanel = ({ id, row, actions }: { id: string; row: AlertView | undefined; actions: AlertActions }) => {
  const rested = useRested(id)
  const detail = useAlert(rested)
  const told = detail.data?.alert.id === id ? detail.data : undefined
  const alert = row !== undefined && (told === undefined || row.sequence >= told.alert.sequence) ? row : told?.alert
  if (alert === undefined)
    return detail.isError ? (
      <div className="panel-alone">
        <ProblemNote error={detail.error} retry={() => void detail.refetch()} />
      </div>
    ) : (
      <Late>
        <div className="panel-alone" aria-busy="true">
          <span className="skeleton" />
          <span className="skeleton" />
          <span className="skeleton" />
        </div>
      </Late>
    )
  return (
    <article className="panel dims" aria-label={alert.title}>
      <div className="panel-scroll" tabIndex={0} aria-label="Alert details" role="region">
        <AlertHead alert={alert} asset={told?.asset ?? null} actions={actions} />
        {detail.isError ? <ProblemNote error={detail.error} retry={() => void detail.refetch()} old /> : null}
        {told?.asset?.lastHeardAt != null && alert.state !== 'closed' ? (
          <Impact heardAt={told.asset.lastHeardAt} ward={told.asset.ward} />
        ) : null}
        <Why alert={alert} />
        <Suspense fallback={<div className="plots" />}>
          {rested === id ? <SignalPlots key={id} alert={alert} /> : <div className="plots" />}
        </Suspense>
        <div className="pair">
          <EvidencePanel alert={alert} related={told?.related ?? []} />
          {rested === id ? <Timeline id={id} severity={alert.severity} /> : <section />}
        </div>
        {told?.runbook == null ? null : (
          <details className="runbook">
            <summary>What to do: runbook of {alert.detector}</summary>
            <pre>{told.runbook}</pre>
          </details>
        )}
      </div>
      <AssetStrip alert={alert} asset={told?.asset ?? null} />
    </article>
  )
}

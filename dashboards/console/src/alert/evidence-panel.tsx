import { Link } from 'wouter'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { score } from '../parts/format.ts'
import { SeverityMark } from '../parts/severity.tsx'
import { contributions } from './contributions.ts'

/** What the detector measured against what is usual, and what other detectors say of the same device. */
export const EvidencePanel = ({ alert, related }: { alert: AlertView; related: readonly AlertView[] }) => (
  <section className="evidence" aria-label="Evidence">
    <h2>What {alert.detector} measured</h2>
    <ul>
      {contributions(alert.evidence).map((item, at) => (
        <li key={at} className="evidence-row">
          <span className="cut" title={item.feature}>
            {item.feature}
          </span>
          <span className="mono cut" title={`${item.observed}, usual ${item.expected}`}>
            {item.observed}
          </span>
          <span className="bar" role="img" aria-label={`usual ${item.expected}`} title={`usual ${item.expected}`}>
            <i className={item.beyond ? `fill-bar ${alert.severity}` : 'fill-bar'} style={{ width: `${item.share * 100}%` }} />
            {item.mark === null ? null : <i className="tick" style={{ left: `${item.mark * 100}%` }} />}
          </span>
        </li>
      ))}
      <li className="evidence-row">
        <span>Score</span>
        <span className="mono">{score(alert.score)}</span>
        <span className="bar" aria-hidden="true">
          <i className={`fill-bar ${alert.severity}`} style={{ width: `${alert.score * 100}%` }} />
        </span>
      </li>
    </ul>
    <h2>Other detectors on it</h2>
    {related.length === 0 ? (
      <p className="muted">None within a day.</p>
    ) : (
      <ul>
        {related.slice(0, 6).map((other) => (
          <li key={other.id}>
            <Link href={`/alerts/${encodeURIComponent(other.id)}`} className="evidence-row">
              <span className="cut">
                <SeverityMark severity={other.severity} size={10} label /> {other.title}
              </span>
              <span className="mono">{score(other.score)}</span>
              <span className="bar" aria-hidden="true">
                <i className={`fill-bar ${other.severity}`} style={{ width: `${other.score * 100}%` }} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    )}
    {alert.attack.length + alert.controls.length === 0 ? null : (
      <p className="tags">
        {[...alert.attack, ...alert.controls].map((tag) => (
          <span key={tag} className="tag mono">
            {tag}
          </span>
        ))}
      </p>
    )}
  </section>
)

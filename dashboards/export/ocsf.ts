import type { AlertState, Verdict } from '../../contracts/alert.ts'
import type { AlertView } from '../../contracts/api/alerts.ts'
import type { Severity } from '../../contracts/finding.ts'

/** The version of the schema that the mapping follows: https://schema.ocsf.io/1.5.0/classes/detection_finding */
export const ocsfVersion = '1.5.0'
const classUid = 2004

const severityIds: Readonly<Record<Severity, readonly [number, string]>> = {
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
}
const statusIds: Readonly<Record<AlertState, readonly [number, string]>> = {
  new: [1, 'New'],
  acknowledged: [2, 'In Progress'],
  snoozed: [3, 'Suppressed'],
  closed: [4, 'Resolved'],
}
const verdictIds: Readonly<Record<Verdict, readonly [number, string]>> = {
  'false-positive': [1, 'False Positive'],
  'true-positive': [2, 'True Positive'],
  'benign-positive': [5, 'Benign'],
  duplicate: [10, 'Duplicate'],
  other: [99, 'Other'],
}

const activityOf = ({ state, count, version, sequence }: AlertView): readonly [number, string] => {
  if (state === 'closed') return [3, 'Close']
  return state === 'new' && count === 1 && version === sequence ? [1, 'Create'] : [2, 'Update']
}

/** An alert as an OCSF Detection Finding with the incident profile: times in ms, as OCSF has them. */
export const ocsfFinding = (alert: AlertView, platform: string): object => {
  const [activityId, activity] = activityOf(alert)
  const [severityId, severity] = severityIds[alert.severity]
  const [statusId, status] = statusIds[alert.state]
  const verdict = alert.verdict === null ? null : verdictIds[alert.verdict]
  return {
    activity_id: activityId,
    activity_name: activity,
    category_uid: 2,
    category_name: 'Findings',
    class_uid: classUid,
    class_name: 'Detection Finding',
    type_uid: classUid * 100 + activityId,
    type_name: `Detection Finding: ${activity}`,
    time: alert.lastChange.at,
    start_time: alert.firstSeen,
    end_time: alert.lastSeen,
    count: alert.count,
    severity_id: severityId,
    severity,
    status_id: statusId,
    status,
    confidence_score: Math.round(alert.score * 100),
    is_alert: alert.state !== 'closed',
    message: alert.why,
    metadata: {
      version: ocsfVersion,
      profiles: ['incident'],
      uid: `${alert.id}:${alert.sequence}`,
      sequence: alert.sequence,
      product: { name: 'Wardwatch', vendor_name: 'Wardwatch', uid: platform },
    },
    finding_info: {
      uid: alert.id,
      title: alert.title,
      desc: alert.why,
      created_time: alert.openedAt,
      modified_time: alert.lastChange.at,
      first_seen_time: alert.firstSeen,
      last_seen_time: alert.lastSeen,
      analytic: { uid: alert.detector, name: alert.detector, type_id: 2, type: 'Behavioral' },
      ...(alert.attack.length === 0 ? {} : { attacks: alert.attack.map((uid) => ({ technique: { uid } })) }),
      ...(alert.previous === null ? {} : { related_events: [{ uid: alert.previous, type: 'Detection Finding' }] }),
    },
    resources: [
      {
        uid: alert.device,
        name: alert.device,
        type: alert.device.includes(':') ? 'Source' : 'Medical device',
        ...(alert.model === null ? {} : { data: { model: alert.model, ward: alert.ward, site: alert.site } }),
      },
    ],
    ...(alert.evidence.length === 0 ? {} : { evidences: alert.evidence.map((data) => ({ data })) }),
    ...(alert.owner === null ? {} : { assignee: { name: alert.owner, uid: alert.owner } }),
    ...(verdict === null ? {} : { verdict_id: verdict[0], verdict: verdict[1] }),
    ...(alert.reason === null ? {} : { status_detail: alert.reason }),
    ...(alert.controls.length === 0 ? {} : { unmapped: { controls: alert.controls } }),
  }
}

import type { AlertView } from '../../contracts/api/alerts.ts'
import type { Severity } from '../../contracts/finding.ts'

const severities: Readonly<Record<Severity, 'high' | 'moderate' | 'low'>> = {
  critical: 'high',
  high: 'high',
  medium: 'moderate',
  low: 'low',
}

const statusOf = ({ state, verdict }: AlertView): 'preliminary' | 'final' | 'cancelled' => {
  if (state !== 'closed') return 'preliminary'
  return verdict === 'false-positive' || verdict === 'duplicate' ? 'cancelled' : 'final'
}

const instant = (ms: number): string => new Date(ms).toISOString()
/** What may be a resource's id; an alert of another form has its identifier only. */
const idPattern = /^[A-Za-z0-9.-]{1,64}$/
/** FHIR has no empty string, none of spaces alone, and knows no other space than these: a device may have put any of them in. */
const text = (from: string): string => {
  const plain = from.replaceAll(/[^\S \r\n\t]/g, ' ')
  return plain.trim() === '' ? '-' : plain
}

/** An alert as a FHIR R4 DetectedIssue about a device. It tells of a device's security, of no patient. https://hl7.org/fhir/R4/detectedissue.html */
export const fhirDetectedIssue = (alert: AlertView, platform: string): object => ({
  resourceType: 'DetectedIssue',
  ...(idPattern.test(alert.id) ? { id: alert.id } : {}),
  identifier: [{ system: `urn:wardwatch:${platform}:alert`, value: text(alert.id) }],
  status: statusOf(alert),
  code: { coding: [{ system: 'urn:wardwatch:detector', code: text(alert.detector) }], text: text(alert.title) },
  severity: severities[alert.severity],
  identifiedPeriod: { start: instant(alert.firstSeen), end: instant(alert.lastSeen) },
  implicated: [
    {
      ...(alert.device.includes(':') ? {} : { type: 'Device' }),
      identifier: { system: `urn:wardwatch:${platform}:device`, value: text(alert.device) },
      display: text([alert.device, alert.model, alert.ward, alert.site].filter((part) => part !== null && part !== '').join(', ')),
    },
  ],
  ...(alert.evidence.length === 0
    ? {}
    : {
        evidence: alert.evidence.map(({ feature, observed, expected, unit }) => ({
          code: [{ text: text(`${feature}: ${observed} ${unit}, expected ${expected} ${unit}`.trim()) }],
        })),
      }),
  detail: text(alert.why),
  ...(alert.containedAt === null
    ? {}
    : { mitigation: [{ action: { text: 'The device was contained' }, date: instant(alert.containedAt) }] }),
})

import type { Alert } from '../../contracts/alert.ts'
import type { PagingRule } from '../../contracts/api/paging.ts'
import type { Severity } from '../../contracts/finding.ts'
import type { PageRecord } from './fold.ts'
import { plainText } from './plain-text.ts'
import type { PageMessage } from './port.ts'

const nameCharactersMax = 128
const whyCharactersMax = 600
const evidenceMax = 10
const evidenceCharactersMax = 120

/** The alert as a page tells it: every text clean and bounded. */
export const pagedAlert = (alert: Alert): PageMessage['alert'] => {
  const name = (text: string) => plainText(text, nameCharactersMax)
  const value = (one: number | string) =>
    typeof one === 'number' ? String(Number(one.toPrecision(6))) : plainText(one, evidenceCharactersMax)
  const by = alert.state === 'closed' ? alert.closedBy : alert.acknowledgedBy
  return {
    id: alert.id,
    detector: name(alert.detector),
    title: name(alert.title),
    device: name(alert.device),
    site: alert.site === null ? null : name(alert.site),
    severity: alert.severity,
    score: alert.score,
    count: alert.count,
    firstSeen: alert.firstSeen,
    lastSeen: alert.lastSeen,
    openedAt: alert.openedAt,
    why: plainText(alert.why, whyCharactersMax),
    evidence: alert.evidence.slice(0, evidenceMax).map(({ feature, observed, expected, unit }) => ({
      feature: plainText(feature, evidenceCharactersMax),
      observed: value(observed),
      expected: value(expected),
      unit: plainText(unit, 32),
    })),
    attack: alert.attack.slice(0, 20).map(name),
    by: by === null ? null : name(by),
  }
}

export const composePage = (
  record: Pick<PageRecord, 'id' | 'kind' | 'step' | 'rule'>,
  alert: Alert,
  rules: readonly PagingRule[],
  atMs: number,
  link: string | null,
): PageMessage => {
  const rule = rules.find(({ id }) => id === record.rule)
  return {
    id: record.id,
    kind: record.kind,
    at: atMs,
    storm: null,
    rule: rule === undefined ? null : { title: plainText(rule.title, nameCharactersMax), step: record.step, steps: rule.steps.length },
    alert: pagedAlert(alert),
    link,
  }
}

/** One page for many alerts. @param alerts what it tells of, the worst first; not empty */
export const composeStorm = (
  record: Pick<PageRecord, 'id' | 'kind'>,
  alerts: readonly Alert[],
  atMs: number,
  link: string | null,
): PageMessage => {
  const of = (severity: Severity) => alerts.filter((alert) => alert.severity === severity).length
  const storm = { alerts: alerts.length, critical: of('critical'), high: of('high'), medium: of('medium'), low: of('low') }
  return { id: record.id, kind: record.kind, at: atMs, rule: null, storm, alert: pagedAlert(alerts[0]!), link }
}

/** What a test of a channel sends. */
export const composeTest = (notifier: string, id: string, atMs: number): PageMessage => ({
  id,
  kind: 'test',
  at: atMs,
  rule: null,
  storm: null,
  alert: {
    id: `wardwatch-test-${notifier}`,
    detector: 'test',
    title: 'Test page',
    device: notifier,
    site: null,
    severity: 'low',
    score: 0,
    count: 0,
    firstSeen: atMs,
    lastSeen: atMs,
    openedAt: atMs,
    why: 'somebody tries this channel out; nothing has happened',
    evidence: [],
    attack: [],
    by: null,
  },
  link: null,
})

import { useState } from 'react'
import { Link } from 'wouter'
import type { Notifier, PagingRule, PagingRules } from '../../../../contracts/api/paging.ts'
import { useDesk } from '../desk.ts'
import { dayTime } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { NotifierDialog } from './notifier-dialog.tsx'
import { RuleDialog } from './rule-dialog.tsx'
import { useChange, useSettings } from './use-list.ts'

const kinds = { webhook: 'Webhook', pagerduty: 'PagerDuty', slack: 'Slack', email: 'E-mail' } as const
const healthTone = { unknown: 'muted', alive: 'ok', failing: 'high', dead: 'crit' } as const

export const PagingSection = () => (
  <div className="sections">
    <Channels />
    <Rules />
    <Pages />
  </div>
)

const Channels = () => {
  const { client, clock, toasts } = useDesk()
  const notifiers = useSettings('listNotifiers', 'notifiers')
  const [edited, setEdited] = useState<Notifier | 'new' | null>(null)
  const remove = useChange('notifiers', ({ id, version }: Notifier) => client.call('deleteNotifier', { params: { id }, version }))
  const test = useChange(
    'notifiers',
    (id: string) => client.call('testNotifier', { params: { id } }),
    (told) =>
      toasts.show(
        told.ok
          ? { text: 'The test page was taken.' }
          : { text: `The test page failed: ${told.problem ?? 'no reason told'}`, tone: 'problem', forMs: 10_000 },
      ),
  )
  const nowMs = clock.nowMs()
  return (
    <section>
      <div className="section-head">
        <h2>Channels</h2>
        <button type="button" className="button small" onClick={() => setEdited('new')}>
          New channel
        </button>
      </div>
      {[notifiers, remove, test].map((one, at) => (one.isError ? <ProblemNote key={at} error={one.error} /> : null))}
      {notifiers.data?.items.length === 0 ? <p className="muted">Nobody is paged: there is no channel.</p> : null}
      {notifiers.data === undefined || notifiers.data.items.length === 0 ? null : (
        <div className="table-box" tabIndex={0} role="region" aria-label="Channels">
          <table className="table">
            <thead>
              <tr>
                <th>Channel</th>
                <th>Kind</th>
                <th>State</th>
                <th>Last sent</th>
                <th>Waiting</th>
                <th>
                  <span className="sr">Change</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {notifiers.data.items.map((one) => (
                <tr key={one.id} className={one.enabled ? '' : 'off'}>
                  <td>
                    {one.title} <span className="muted mono">{one.id}</span>
                  </td>
                  <td>{kinds[one.settings.kind]}</td>
                  <td className={one.enabled ? healthTone[one.health] : 'muted'} title={one.lastProblem ?? undefined}>
                    {one.enabled ? (one.health === 'unknown' ? 'not used yet' : one.health) : 'off'}
                    {one.lastProblem === null ? '' : `: ${one.lastProblem}`}
                  </td>
                  <td className="mono">{one.lastSentAt === null ? 'never' : dayTime(one.lastSentAt, nowMs)}</td>
                  <td className={`mono ${one.waiting > 0 ? 'high' : ''}`}>{one.waiting}</td>
                  <td className="row-buttons">
                    <button type="button" className="button small" onClick={() => test.mutate(one.id)} disabled={test.isPending}>
                      Test
                    </button>
                    <button type="button" className="button small" onClick={() => setEdited(one)}>
                      Change
                    </button>
                    <button type="button" className="button small" onClick={() => remove.mutate(one)} aria-label={`Remove ${one.title}`}>
                      Remove
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {edited === null ? null : <NotifierDialog notifier={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </section>
  )
}

const ruleText = (rule: PagingRule, timeZone: string): string => {
  const when = rule.hours === null ? 'at any hour' : `from ${rule.hours.from}:00 to ${rule.hours.to}:00 ${timeZone}`
  const where = rule.sites.length === 0 ? 'every site' : rule.sites.join(', ')
  return `${rule.severities.join(', ')} on ${where}, ${when}`
}

const Rules = () => {
  const { client } = useDesk()
  const rules = useSettings('pagingRules', 'paging-rules')
  const notifiers = useSettings('listNotifiers', 'notifiers')
  const seen = rules.data
  const [edited, setEdited] = useState<{ readonly rule: PagingRule | null; readonly seen: PagingRules } | null>(null)
  const put = useChange(
    'paging-rules',
    ({ next, version }: { next: readonly PagingRule[]; version: number }) =>
      client.call('putPagingRules', { body: { rules: [...next] }, version }),
    () => setEdited(null),
  )
  const titleOf = (id: string) => notifiers.data?.items.find((one) => one.id === id)?.title ?? id
  return (
    <section>
      <div className="section-head">
        <h2>Rules</h2>
        <button
          type="button"
          className="button small"
          onClick={() => seen && setEdited({ rule: null, seen })}
          disabled={notifiers.data === undefined || notifiers.data.items.length === 0 || seen === undefined}
        >
          New rule
        </button>
      </div>
      {rules.isError ? <ProblemNote error={rules.error} /> : null}
      {put.isError && edited === null ? <ProblemNote error={put.error} /> : null}
      {seen?.rules.length === 0 ? <p className="muted">Nobody is paged: there is no rule.</p> : null}
      <ul className="rules">
        {seen?.rules.map((rule) => (
          <li key={rule.id} className={rule.enabled ? '' : 'off'}>
            <div className="grow">
              <b>{rule.title}</b> {rule.enabled ? null : <span className="muted">off</span>}
              <p className="soft">{ruleText(rule, seen.timeZone)}</p>
              <p className="soft">
                {rule.steps.map((step, at) => (
                  <span key={at}>
                    {at === 0 ? '' : ` → after ${step.afterMinutes} min `}
                    {step.notifiers.map(titleOf).join(', ')}
                  </span>
                ))}
              </p>
            </div>
            <button type="button" className="button small" onClick={() => setEdited({ rule, seen })}>
              Change
            </button>
            <button
              type="button"
              className="button small"
              onClick={() => put.mutate({ next: seen.rules.filter((other) => other.id !== rule.id), version: seen.version })}
              aria-label={`Remove ${rule.title}`}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      {edited === null ? null : (
        <RuleDialog
          rule={edited.rule}
          taken={edited.seen.rules.map(({ id }) => id)}
          notifiers={notifiers.data?.items ?? []}
          timeZone={edited.seen.timeZone}
          error={put.error}
          onSave={(rule) => {
            // What was seen when the dialog was opened: the list behind it is read anew meanwhile, and its version would overwrite what somebody else has changed.
            const { rules: all, version } = edited.seen
            put.mutate({ next: edited.rule === null ? [...all, rule] : all.map((other) => (other.id === rule.id ? rule : other)), version })
          }}
          onClose={() => {
            put.reset()
            setEdited(null)
          }}
        />
      )}
    </section>
  )
}

const pageTone = { waiting: 'high', sent: 'soft', failed: 'crit', dropped: 'muted', grouped: 'soft' } as const

const Pages = () => {
  const { clock } = useDesk()
  const pages = useSettings('listPages', 'pages')
  const nowMs = clock.nowMs()
  return (
    <section>
      <h2>Recent pages</h2>
      {pages.isError ? <ProblemNote error={pages.error} /> : null}
      {pages.data?.items.length === 0 ? <p className="muted">None has been sent.</p> : null}
      {pages.data === undefined || pages.data.items.length === 0 ? null : (
        <div className="table-box" tabIndex={0} role="region" aria-label="Recent pages">
          <table className="table">
            <thead>
              <tr>
                <th>Queued</th>
                <th>Alert</th>
                <th>Channel</th>
                <th>Step</th>
                <th>State</th>
                <th>Tries</th>
                <th>Problem</th>
              </tr>
            </thead>
            <tbody>
              {pages.data.items.map((page) => (
                <tr key={page.id}>
                  <td className="mono">{dayTime(page.queuedAt, nowMs)}</td>
                  <td className="mono">
                    <Link href={`/alerts/${encodeURIComponent(page.alert)}`} className="device-link">
                      {page.alert.slice(0, 16)}
                    </Link>
                    {page.kind === 'storm' ? ` and ${page.alerts - 1} more` : ''}
                  </td>
                  <td>{page.notifier}</td>
                  <td className="mono">{page.step + 1}</td>
                  <td className={pageTone[page.state]}>{page.state}</td>
                  <td className="mono">{page.attempts}</td>
                  <td>{page.problem ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

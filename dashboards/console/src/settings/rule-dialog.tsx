import { useState } from 'react'
import type { Notifier, PagingRule } from '../../../../contracts/api/paging.ts'
import { Foot } from '../alert/dialogs/foot.tsx'
import { severities } from '../alerts/queue-view.ts'
import { Dialog } from '../parts/dialog.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { SeverityMark } from '../parts/severity.tsx'
import { idFrom } from './notifier-form.ts'

const stepsMax = 5
const blank: Omit<PagingRule, 'id'> = {
  title: '',
  enabled: true,
  severities: ['critical'],
  sites: [],
  hours: null,
  steps: [{ notifiers: [], afterMinutes: 0 }],
}
type Step = PagingRule['steps'][number]

export const RuleDialog = ({
  rule,
  taken,
  notifiers,
  timeZone,
  error,
  onSave,
  onClose,
}: {
  rule: PagingRule | null
  taken: readonly string[]
  notifiers: readonly Notifier[]
  timeZone: string
  error: unknown
  onSave: (rule: PagingRule) => void
  onClose: () => void
}) => {
  const [draft, setDraft] = useState<Omit<PagingRule, 'id'>>(rule ?? blank)
  const [sites, setSites] = useState(draft.sites.join(', '))
  const change = (part: Partial<PagingRule>) => setDraft((now) => ({ ...now, ...part }))
  const setStep = (at: number, part: Partial<Step>) =>
    change({ steps: draft.steps.map((step, index) => (index === at ? { ...step, ...part } : step)) })
  const toggled = <T,>(list: readonly T[], one: T): T[] => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one])
  const missing =
    draft.title.trim() === ''
      ? 'A name is required'
      : draft.severities.length === 0
        ? 'Pick a severity'
        : draft.steps.some(({ notifiers: picked }) => picked.length === 0)
          ? 'Each step needs a channel'
          : null
  const save = () => {
    if (missing !== null) return
    const siteNames = sites
      .split(',')
      .map((site) => site.trim())
      .filter((site) => site !== '')
    onSave({ ...draft, sites: siteNames, id: rule?.id ?? idFrom(draft.title, taken) })
  }
  const hours = draft.hours
  return (
    <Dialog
      title={rule === null ? 'New rule' : `Change ${rule.title}`}
      text="The first step goes out at once; a later one when nobody has acknowledged."
      onClose={onClose}
    >
      <div className="dialog-body">
        <label className="field">
          <span>Name</span>
          <input className="input" value={draft.title} maxLength={64} onChange={(event) => change({ title: event.currentTarget.value })} />
        </label>
        <fieldset className="field">
          <legend>Severities</legend>
          <div className="checks">
            {severities.map((severity) => (
              <label key={severity} className="check">
                <input
                  type="checkbox"
                  checked={draft.severities.includes(severity)}
                  onChange={() => change({ severities: toggled(draft.severities, severity) })}
                />
                <SeverityMark severity={severity} /> {severity}
              </label>
            ))}
          </div>
        </fieldset>
        <label className="field">
          <span>Sites, separated by commas; none for every site</span>
          <input className="input" value={sites} onChange={(event) => setSites(event.currentTarget.value)} />
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={hours !== null}
            onChange={(event) => change({ hours: event.currentTarget.checked ? { from: 18, to: 7 } : null })}
          />{' '}
          Only at certain hours{timeZone === '' ? '' : ` (${timeZone})`}
        </label>
        {hours === null ? null : (
          <div className="inline-form">
            <label className="field grow">
              <span>From, hour</span>
              <input
                className="input"
                type="number"
                min={0}
                max={24}
                value={hours.from}
                onChange={(event) => change({ hours: { ...hours, from: Number(event.currentTarget.value) } })}
              />
            </label>
            <label className="field grow">
              <span>To, hour</span>
              <input
                className="input"
                type="number"
                min={0}
                max={24}
                value={hours.to}
                onChange={(event) => change({ hours: { ...hours, to: Number(event.currentTarget.value) } })}
              />
            </label>
          </div>
        )}
        {draft.steps.map((step, at) => (
          <fieldset key={at} className="field step">
            <legend>Step {at + 1}</legend>
            {at === 0 ? null : (
              <label className="field">
                <span>When nobody has acknowledged after, min</span>
                <input
                  className="input"
                  type="number"
                  min={0}
                  max={1_440}
                  value={step.afterMinutes}
                  onChange={(event) => setStep(at, { afterMinutes: Number(event.currentTarget.value) })}
                />
              </label>
            )}
            <div className="checks">
              {notifiers.map((notifier) => (
                <label key={notifier.id} className="check">
                  <input
                    type="checkbox"
                    checked={step.notifiers.includes(notifier.id)}
                    onChange={() => setStep(at, { notifiers: toggled(step.notifiers, notifier.id) })}
                  />{' '}
                  {notifier.title}
                </label>
              ))}
            </div>
            {at === 0 ? null : (
              <button
                type="button"
                className="button small"
                onClick={() => change({ steps: draft.steps.filter((_, index) => index !== at) })}
              >
                Remove the step
              </button>
            )}
          </fieldset>
        ))}
        {draft.steps.length < stepsMax ? (
          <button
            type="button"
            className="button small"
            onClick={() => change({ steps: [...draft.steps, { notifiers: [], afterMinutes: 10 }] })}
          >
            One more step
          </button>
        ) : null}
        <label className="check">
          <input type="checkbox" checked={draft.enabled} onChange={(event) => change({ enabled: event.currentTarget.checked })} /> In use
        </label>
        {error === null ? null : <ProblemNote error={error} />}
      </div>
      <Foot label="Save" missing={missing} onSubmit={save} onClose={onClose} />
    </Dialog>
  )
}

import { useState } from 'react'
import type { Notifier, NotifierSettings } from '../../../../contracts/api/paging.ts'
import { Foot } from '../alert/dialogs/foot.tsx'
import { useDesk } from '../desk.ts'
import { Dialog } from '../parts/dialog.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { formOf, idFrom, settingsOf, type NotifierForm } from './notifier-form.ts'
import { useChange, useSettings } from './use-list.ts'

const kinds: readonly (readonly [NotifierSettings['kind'], string])[] = [
  ['webhook', 'Webhook (signed)'],
  ['pagerduty', 'PagerDuty'],
  ['slack', 'Slack'],
  ['email', 'E-mail'],
]
const secretNames = { webhook: 'Signing secret', pagerduty: 'Routing key', slack: 'Incoming webhook URL', email: 'Password' } as const

export const NotifierDialog = ({ notifier, onClose }: { notifier: Notifier | null; onClose: () => void }) => {
  const { client } = useDesk()
  const all = useSettings('listNotifiers', 'notifiers')
  const [title, setTitle] = useState(notifier?.title ?? '')
  const [enabled, setEnabled] = useState(notifier?.enabled ?? true)
  const [form, setForm] = useState(() => formOf(notifier?.settings ?? null))
  const put = useChange(
    'notifiers',
    () =>
      client.call('putNotifier', {
        params: { id: notifier?.id ?? idFrom(title, all.data?.items.map(({ id }) => id) ?? []) },
        body: { title, enabled, settings: settingsOf(form) },
        ...(notifier === null ? {} : { version: notifier.version }),
      }),
    onClose,
  )
  const set = (name: keyof NotifierForm) => (event: { readonly currentTarget: { readonly value: string } }) => {
    const { value } = event.currentTarget
    setForm((now) => ({ ...now, [name]: value }))
  }
  const text = (name: 'url' | 'host' | 'port' | 'user' | 'from' | 'to', label: string, type = 'text') => (
    <label className="field">
      <span>{label}</span>
      <input className="input" type={type} value={form[name]} onChange={set(name)} spellCheck={false} autoCapitalize="none" />
    </label>
  )
  const missing = title.trim() === '' ? 'A name is required' : put.isPending ? 'Wait' : null
  return (
    <Dialog title={notifier === null ? 'New channel' : `Change ${notifier.title}`} onClose={onClose}>
      <div className="dialog-body">
        <label className="field">
          <span>Name</span>
          <input className="input" value={title} maxLength={64} onChange={(event) => setTitle(event.currentTarget.value)} />
        </label>
        <label className="field">
          <span>Kind</span>
          <select className="input" value={form.kind} onChange={set('kind')}>
            {kinds.map(([kind, name]) => (
              <option key={kind} value={kind}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {form.kind === 'webhook' ? text('url', 'URL', 'url') : null}
        {form.kind === 'pagerduty' ? text('url', 'Address, when it is not PagerDuty’s own', 'url') : null}
        {form.kind === 'email' ? (
          <>
            {text('host', 'SMTP host')}
            {text('port', 'Port', 'number')}
            <label className="field">
              <span>TLS</span>
              <select className="input" value={form.tls} onChange={set('tls')}>
                <option value="starttls">STARTTLS</option>
                <option value="required">from the start</option>
                <option value="none">none</option>
              </select>
            </label>
            {text('user', 'User, when it asks for one')}
            {text('from', 'From', 'email')}
            {text('to', 'To, separated by commas')}
          </>
        ) : null}
        <label className="field">
          <span>{secretNames[form.kind]}</span>
          <input
            className="input"
            type="password"
            autoComplete="off"
            value={form.secret}
            onChange={set('secret')}
            placeholder={notifier?.hasSecret === true && notifier.settings.kind === form.kind ? 'Set. Empty keeps it.' : ''}
          />
        </label>
        <label className="check">
          <input type="checkbox" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} /> In use
        </label>
        {put.isError ? <ProblemNote error={put.error} /> : null}
      </div>
      <Foot label="Save" missing={missing} onSubmit={() => put.mutate(undefined)} onClose={onClose} />
    </Dialog>
  )
}

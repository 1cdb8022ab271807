import type { NotifierSettings } from '../../../../contracts/api/paging.ts'

/** Everything that any kind of channel asks for, as texts of a form. */
export interface NotifierForm {
  readonly kind: NotifierSettings['kind']
  readonly url: string
  readonly secret: string
  readonly host: string
  readonly port: string
  readonly tls: 'required' | 'starttls' | 'none'
  readonly user: string
  readonly from: string
  readonly to: string
}

const pagerDutyUrl = 'https://events.pagerduty.com/v2/enqueue'
const blank: NotifierForm = { kind: 'webhook', url: '', secret: '', host: '', port: '587', tls: 'starttls', user: '', from: '', to: '' }

/** Secrets are never read back: their field is empty, and stays as it is when nothing is written. */
export const formOf = (settings: NotifierSettings | null): NotifierForm => {
  if (settings === null) return blank
  switch (settings.kind) {
    case 'webhook':
      return { ...blank, kind: 'webhook', url: settings.url }
    case 'pagerduty':
      return { ...blank, kind: 'pagerduty', url: settings.url }
    case 'slack':
      return { ...blank, kind: 'slack' }
    case 'email':
      return {
        ...blank,
        kind: 'email',
        host: settings.host,
        port: String(settings.port),
        tls: settings.tls,
        user: settings.user ?? '',
        from: settings.from,
        to: settings.to.join(', '),
      }
  }
}

export const settingsOf = (form: NotifierForm): NotifierSettings => {
  const secret = form.secret === '' ? null : form.secret
  switch (form.kind) {
    case 'webhook':
      return { kind: 'webhook', url: form.url, secret }
    case 'pagerduty':
      return { kind: 'pagerduty', routingKey: secret, url: form.url === '' ? pagerDutyUrl : form.url }
    case 'slack':
      return { kind: 'slack', url: secret }
    case 'email':
      return {
        kind: 'email',
        host: form.host,
        port: Number(form.port),
        tls: form.tls,
        user: form.user === '' ? null : form.user,
        password: secret,
        from: form.from,
        to: form.to.split(/[\s,;]+/).filter((address) => address !== ''),
      }
  }
}

/** An id from a title, "On-call pager" -> "on-call-pager", that is not taken. */
export const idFrom = (title: string, taken: readonly string[]): string => {
  const plain =
    title
      .toLowerCase()
      .normalize('NFKD')
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'channel'
  let id = plain
  for (let n = 2; taken.includes(id); n++) id = `${plain}-${n}`
  return id
}
